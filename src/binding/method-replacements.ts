/** Its overloads cannot be forwarded one by one. */
export type Method = (...args: unknown[]) => unknown

/**
 * What is done in place of a method: with the object, the method that was there, which is to be called
 * on the object, and the arguments. They are handed on as they are: TypeORM calls dozens for a query.
 */
export type Replacement<Target> = (target: Target, original: Method, args: unknown[]) => unknown

type Methods = Readonly<Partial<Record<string, Method>>>

/** What is known of the objects of one class. */
interface ReplacedClass {
  /** Between the class and its objects. */
  readonly prototype: object
  /** Whether others put methods on its objects that `Object.keys` does not show. */
  readonly hidesMethods: boolean
}

/**
 * Replaces methods of objects, without touching their classes. What takes their place is made once
 * for each class, on a prototype of its own between the class and the object, so that an object costs
 * next to nothing: TypeORM makes several for each query.
 */
export class MethodReplacements<Target extends object> {
  readonly #replacements: ReadonlyMap<string, Replacement<Target>>
  readonly #names: readonly string[]
  readonly #classes = new WeakMap<object, ReplacedClass>()
  readonly #replaced = new WeakSet()
  readonly #methods = new WeakMap<object, Methods>()
  readonly #mark = Symbol("typeorm-fernet.replaced")

  constructor(replacements: Readonly<Record<string, Replacement<Target>>>) {
    this.#replacements = new Map(Object.entries(replacements))
    this.#names = Object.keys(replacements)
  }

  /**
   * Replaces the methods of an object that it has, once. Others may have put theirs on this object
   * before; the canary tells if that cannot be undone.
   *
   * @param isWrapped - whether others may have done so to this object and not to its kind, in a way that
   * `Object.keys` does not show
   */
  applyTo(target: Target, isWrapped = false): void {
    const prototype = Object.getPrototypeOf(target) as object
    const known = this.#classes.get(prototype)
    if (!known && this.#isReplacedOn(target)) return
    const replaced = known ?? this.#replaceIn(prototype, target)
    // Asked for before the prototype changes, these take no time
    const names =
      isWrapped || replaced.hidesMethods ? Object.getOwnPropertyNames(target) : Object.keys(target)
    Object.setPrototypeOf(target, replaced.prototype)
    for (const name of names) {
      const replacement = this.#replacements.get(name)
      if (!replacement) continue
      Reflect.defineProperty(target, name, descriptorOf(target, name, replacement))
    }
  }

  #replaceIn(prototype: object, first: Target): ReplacedClass {
    const replaced = Object.create(prototype, this.#descriptorsFor(prototype)) as object
    this.#replaced.add(replaced)
    const hidesMethods = Object.getOwnPropertyNames(first).some(
      (name) =>
        this.#replacements.has(name) && !Object.prototype.propertyIsEnumerable.call(first, name),
    )
    const known = { prototype: replaced, hidesMethods }
    this.#classes.set(prototype, known)
    return known
  }

  /**
   * Replaces the methods that an object has, once, on the object itself. It keeps its prototype, by which
   * engines know their way around it: what an application makes for every query stays as fast as it was.
   */
  assignTo(target: Target): void {
    if (Object.hasOwn(target, this.#mark)) return
    const methods = this.#methodsOf(Object.getPrototypeOf(target) as object)
    // Copied at once, they take a fraction of the time
    if (!this.#names.some((name) => Object.hasOwn(target, name))) {
      Object.assign(target, methods)
      return
    }
    const members = target as Record<PropertyKey, unknown>
    members[this.#mark] = true
    for (const [name, replacement] of this.#replacements) {
      const method = methods[name]
      if (Object.hasOwn(target, name)) {
        Reflect.defineProperty(target, name, descriptorOf(target, name, replacement))
      } else if (method) members[name] = method
    }
  }

  /** What takes the place of the methods of a class, and the mark of an object that has them. */
  #methodsOf(prototype: object): Methods {
    let methods = this.#methods.get(prototype)
    if (!methods) {
      const descriptors = Object.entries(this.#descriptorsFor(prototype))
      const values = descriptors.map(([name, { value }]) => [name, value as Method])
      methods = { [this.#mark]: true, ...Object.fromEntries(values) } as Methods
      this.#methods.set(prototype, methods)
    }
    return methods
  }

  /** Others may have put prototypes of theirs before ours: an object may live as long as its DataSource. */
  #isReplacedOn(target: object): boolean {
    let prototype: unknown = Object.getPrototypeOf(target)
    while (typeof prototype === "object" && prototype !== null) {
      if (this.#replaced.has(prototype)) return true
      prototype = Object.getPrototypeOf(prototype)
    }
    return false
  }

  #descriptorsFor(prototype: object): PropertyDescriptorMap {
    const present = [...this.#replacements].filter(([name]) => name in prototype)
    return Object.fromEntries(
      present.map(([name, replacement]) => [name, descriptorOf(prototype, name, replacement)]),
    )
  }
}

function descriptorOf<Target extends object>(
  owner: object,
  name: string,
  replacement: Replacement<Target>,
): PropertyDescriptor {
  const original = (owner as Record<string, unknown>)[name] as Method
  return {
    configurable: true,
    writable: true,
    value(this: Target, ...args: unknown[]): unknown {
      return replacement(this, original, args)
    },
  }
}

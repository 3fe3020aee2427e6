/** Its overloads cannot be forwarded one by one. */
export type Method = (...args: unknown[]) => unknown

/**
 * What is done in place of a method: with the object, the method that was there, which is to be called
 * on the object, and the arguments. They are handed on as they are: TypeORM calls dozens for a query.
 */
export type Replacement<Target> = (target: Target, original: Method, args: unknown[]) => unknown

type Methods = Readonly<Partial<Record<string, Method>>>

/**
 * Replaces methods of objects, without touching their classes. What takes their place is made once
 * for each class, on a prototype of its own between the class and the object, so that an object costs
 * next to nothing: TypeORM makes several for each query.
 */
export class MethodReplacements<Target extends object> {
  readonly #replacements: ReadonlyMap<string, Replacement<Target>>
  readonly #prototypes = new WeakMap<object, object>()
  readonly #replaced = new WeakSet()
  readonly #methods = new WeakMap<object, Methods>()
  readonly #mark = Symbol("typeorm-fernet.replaced")

  constructor(replacements: Readonly<Record<string, Replacement<Target>>>) {
    this.#replacements = new Map(Object.entries(replacements))
  }

  /** Replaces the methods of an object that it has, once. */
  applyTo(target: Target): void {
    const prototype = Object.getPrototypeOf(target) as object
    let replaced = this.#prototypes.get(prototype)
    if (!replaced) {
      if (this.#isReplacedOn(target)) return
      replaced = Object.create(prototype, this.#descriptorsFor(prototype)) as object
      this.#prototypes.set(prototype, replaced)
      this.#replaced.add(replaced)
    }
    Object.setPrototypeOf(target, replaced)
    // Others may have replaced methods of this object before; the canary tells if it cannot be undone
    for (const name of Object.getOwnPropertyNames(target)) {
      const replacement = this.#replacements.get(name)
      if (!replacement) continue
      Reflect.defineProperty(target, name, descriptorOf(target, name, replacement))
    }
  }

  /**
   * Replaces the methods that an object has, once, on the object itself. It keeps its prototype, by which
   * engines know their way around it: what an application makes for every query stays as fast as it was.
   */
  assignTo(target: Target): void {
    if (Object.hasOwn(target, this.#mark)) return
    const members = target as Record<PropertyKey, unknown>
    members[this.#mark] = true
    const methods = this.#methodsOf(Object.getPrototypeOf(target) as object)
    for (const [name, replacement] of this.#replacements) {
      const method = methods[name]
      if (Object.hasOwn(target, name)) {
        Reflect.defineProperty(target, name, descriptorOf(target, name, replacement))
      } else if (method) members[name] = method
    }
  }

  /** What takes the place of the methods of a class. */
  #methodsOf(prototype: object): Methods {
    let methods = this.#methods.get(prototype)
    if (!methods) {
      const descriptors = Object.entries(this.#descriptorsFor(prototype))
      methods = Object.fromEntries(descriptors.map(([name, { value }]) => [name, value as Method]))
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

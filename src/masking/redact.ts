import { type DataSource, type EntityMetadata, EntitySchema, getMetadataArgsStorage } from "typeorm"

import { declarationOf } from "../column/declaration"
import { isToken } from "../fernet/token-format"
import { type OptionNames, unknownOptions } from "../unknown-options"
import { isEncrypted } from "./encrypted-properties"

/** Options of `redact` and `redactReplacer`. */
export interface RedactOptions {
  /**
   * What stands in place of the value of an encrypted property: a text, or a function that is given the
   * value, as `mask` is. Defaults to `"(encrypted)"`.
   */
  readonly censor?: string | ((value: unknown) => unknown)
}

const optionNames: OptionNames<RedactOptions> = { censor: true }

/** A replacer of `JSON.stringify`. */
export type Replacer = (this: unknown, name: string, value: unknown) => unknown

/**
 * Returns a replacer for `JSON.stringify` that hides the encrypted properties of a DataSource at any
 * depth: of entities, those that are declared on them; of all other objects, whatever is called like
 * an encrypted property, or like its column after an alias, as in `patient_ssn`; and tokens.
 * `null` and `undefined` stay.
 *
 * Before the DataSource is initialized, it hides what is called like any encrypted property.
 *
 * @throws TypeError if an option is unknown
 *
 * @example
 * ```ts
 * JSON.stringify(patient, redactReplacer(dataSource))
 * JSON.stringify(patient, redactReplacer(dataSource, { censor: mask }))
 * ```
 */
export function redactReplacer(dataSource: DataSource, options: RedactOptions = {}): Replacer {
  const redaction = new Redaction(dataSource, options)
  return function (this: unknown, name, value) {
    // What is to be serialized as a whole
    if (name === "") redaction.begin()
    if (value === null || value === undefined) return value
    return redaction.hides(this, name, value)
      ? redaction.censored((this as Readonly<Record<string, unknown>>)[name])
      : value
  }
}

/**
 * Returns a copy of a value in which the encrypted properties of a DataSource are hidden as by
 * {@link redactReplacer}: for whoever takes values and no replacer, as `console.log`, winston, or the
 * `formatters` of pino.
 *
 * @throws TypeError if an option is unknown
 *
 * @example
 * ```ts
 * console.log(redact(dataSource, patient))
 * ```
 */
export function redact(
  dataSource: DataSource,
  value: unknown,
  options: RedactOptions = {},
): unknown {
  const redaction = new Redaction(dataSource, options)
  redaction.begin()
  return new Copier(redaction).copy(value)
}

/** Says what of a value is hidden, and by what. */
class Redaction {
  readonly #dataSource: DataSource
  readonly #censor: NonNullable<RedactOptions["censor"]>
  #names: Names | undefined

  constructor(dataSource: DataSource, options: RedactOptions) {
    for (const option of unknownOptions(options, optionNames)) {
      throw new TypeError(`The redaction of values was given an ${option}.`)
    }
    this.#dataSource = dataSource
    this.#censor = options.censor ?? "(encrypted)"
  }

  /** Looks at the model, which is there some time after a logger is. */
  begin(): void {
    this.#names = namesOf(this.#dataSource)
  }

  hides(holder: unknown, name: string, value: unknown): boolean {
    this.#names ??= namesOf(this.#dataSource)
    return this.hidesText(value) || this.#names.hide(holder, name)
  }

  hidesText(value: unknown): boolean {
    return typeof value === "string" && isToken(value)
  }

  censored(value: unknown): unknown {
    return typeof this.#censor === "function" ? this.#censor(value) : this.#censor
  }
}

/** Copies values without what is hidden. */
class Copier {
  readonly #redaction: Redaction
  /** The copy of each object, also of one inside of itself. */
  readonly #copies = new Map<object, object>()

  constructor(redaction: Redaction) {
    this.#redaction = redaction
  }

  copy(value: unknown): unknown {
    if (this.#redaction.hidesText(value)) return this.#redaction.censored(value)
    if (typeof value !== "object" || value === null) return value
    return this.#copies.get(value) ?? this.#copyObject(value)
  }

  #copyObject(value: object): unknown {
    if (Array.isArray(value)) {
      const list: unknown[] = []
      this.#copies.set(value, list)
      for (const one of value as readonly unknown[]) list.push(this.copy(one))
      return list
    }
    if (value instanceof Set) return this.#copyObject([...value])
    if (value instanceof Map) return this.#copyMap(value)
    if (value instanceof Error) return this.#copyError(value)
    // Dates and bytes are what they are
    if (Object.prototype.toString.call(value) !== "[object Object]") return value
    const { toJSON } = value as { readonly toJSON?: unknown }
    // What it tells of itself, which a class that hides something has
    if (typeof toJSON === "function") return this.copy(Reflect.apply(toJSON, value, [""]))
    return this.#copyProperties(value, {})
  }

  #copyMap(map: ReadonlyMap<unknown, unknown>): unknown {
    const copy = new Map<unknown, unknown>()
    this.#copies.set(map, copy)
    for (const [key, value] of map) {
      copy.set(this.copy(key), this.#property({}, String(key), value))
    }
    return copy
  }

  #copyError(error: Error): unknown {
    const copy = asError(error)
    this.#copyProperties(error, copy)
    for (const name of ["cause", "errors"] as const) {
      if (!Object.hasOwn(error, name)) continue
      const value = this.copy((error as Partial<AggregateError>)[name])
      Object.defineProperty(copy, name, { ...HIDDEN_PROPERTY, value })
    }
    return copy
  }

  #copyProperties(value: object, copy: object): object {
    this.#copies.set(value, copy)
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      // A getter may do anything, and load a relation
      if (!property.enumerable || !("value" in property)) continue
      const made = this.#property(value, name, property.value)
      Object.defineProperty(copy, name, { ...property, writable: true, value: made })
    }
    return copy
  }

  #property(holder: unknown, name: string, value: unknown): unknown {
    if (value === null || value === undefined) return value
    return this.#redaction.hides(holder, name, value)
      ? this.#redaction.censored(value)
      : this.copy(value)
  }
}

const HIDDEN_PROPERTY = { configurable: true, enumerable: false, writable: true }

/** An error of the same class, with the same message and stack, and nothing else yet. */
function asError(error: Error): Error {
  const copy = new Error(error.message)
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object)
  return Object.defineProperty(copy, "stack", { ...HIDDEN_PROPERTY, value: error.stack })
}

/** What encrypted properties are called. */
interface Names {
  /** Whether a property is encrypted, or may be. */
  hide(holder: unknown, name: string): boolean
}

/** The names of a model, for as long as the DataSource has it. */
const known = new WeakMap<readonly EntityMetadata[], Names>()

function namesOf(dataSource: DataSource): Names {
  const { entityMetadatas: metadatas } = dataSource
  if (metadatas.length === 0) return declaredNames(dataSource)
  const names = known.get(metadatas) ?? new ModelNames(metadatas)
  known.set(metadatas, names)
  return names
}

class ModelNames implements Names {
  /** What is known of the properties of each class: whether they are encrypted. */
  readonly #classes: ReadonlyMap<unknown, ReadonlyMap<string, boolean>>
  readonly #names: ReadonlySet<string>

  constructor(metadatas: readonly EntityMetadata[]) {
    const encrypted = metadatas.flatMap(({ columns }) => columns.filter(isEncrypted))
    this.#names = new Set(encrypted.flatMap((one) => [one.propertyName, one.databaseName]))
    this.#classes = new Map(
      metadatas
        .filter(({ target }) => typeof target === "function")
        .map((metadata) => [metadata.target, propertiesOf(metadata)]),
    )
  }

  hide(holder: unknown, name: string): boolean {
    return this.#declared(holder, name) ?? isNamed(this.#names, name)
  }

  #declared(holder: unknown, name: string): boolean | undefined {
    if (typeof holder !== "object" || holder === null) return undefined
    // A class may extend that of an entity without being one
    let prototype: unknown = Object.getPrototypeOf(holder)
    while (typeof prototype === "object" && prototype !== null) {
      const properties = this.#classes.get(prototype.constructor)
      if (properties) return properties.get(name)
      prototype = Object.getPrototypeOf(prototype)
    }
    return undefined
  }
}

function propertiesOf({ columns, relations }: EntityMetadata): ReadonlyMap<string, boolean> {
  const own = columns.filter(({ embeddedMetadata }) => !embeddedMetadata)
  return new Map([
    ...relations.map(({ propertyName }) => [propertyName, false] as const),
    ...own.map((column) => [column.propertyName, isEncrypted(column)] as const),
  ])
}

/** As it is, or after an alias. */
function isNamed(names: ReadonlySet<string>, name: string): boolean {
  if (names.has(name)) return true
  for (let at = name.indexOf("_"); at >= 0; at = name.indexOf("_", at + 1)) {
    if (names.has(name.slice(at + 1))) return true
  }
  return false
}

/** What decorators and schemas declare, of whatever entity, until there is a model. */
function declaredNames({ options: { entities = [] } }: DataSource): Names {
  const schemas = Object.values(entities).filter((one) => one instanceof EntitySchema)
  const declared = [
    ...getMetadataArgsStorage().columns.map(
      ({ propertyName, options }) => [propertyName, options.transformer] as const,
    ),
    ...schemas.flatMap(({ options: { columns } }) =>
      Object.entries(columns).map(([name, column]) => [name, column?.transformer] as const),
    ),
  ]
  const encrypted = declared.filter(([, transformer]) => declarationOf(transformer) !== undefined)
  const names = new Set(encrypted.map(([name]) => name))
  return { hide: (_holder, name) => isNamed(names, name) }
}

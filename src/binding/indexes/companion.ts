import { randomBytes } from "node:crypto"

import type { EntityMetadata, ObjectLiteral } from "typeorm"

import { EncryptionError, KeyError, UnsupportedQueryError } from "../../errors"
import type { BlindIndex } from "../../search/blind-index"
import { boundColumn } from "../columns/bound-column"
import { propertyKeys } from "../columns/property-keys"
import { isUnread } from "../columns/unreadable-cells"
import { CANARY, CANARY_DIGEST } from "../canary-value"
import { type ColumnMetadata, plainValueOf } from "../typeorm-internals"
import type { ScopePlan } from "./unique-scope"

/** Before an index value of ours, to tell it from whatever a caller puts in its place. */
const MARK = `typeorm-fernet:index:${randomBytes(16).toString("hex")}:`

/** Between an index value and what it is compared by. */
const SEPARATOR = "|"

/** In place of an index value that is not computed, since the values it is made of are sealed. */
const UNCOMPUTED = `${MARK}?`

let uncomputed = 0

/** In place of an index value that cannot be computed, before the reason. */
const INCOMPUTABLE = `${MARK}!`

/** What a companion is declared with besides its columns. */
export interface CompanionState {
  readonly scope?: ScopePlan | undefined
  readonly building?: boolean | undefined
}

/**
 * The companion column of a blind index: hidden from entities, never set by a caller, and computed
 * from the encrypted properties it covers whenever TypeORM asks for its value.
 */
export class Companion {
  readonly index: BlindIndex
  readonly column: ColumnMetadata
  /** The encrypted columns that the index covers, in its order. */
  readonly sources: readonly ColumnMetadata[]
  /** Among which rows the index is unique, if not among all. */
  readonly scope: ScopePlan | undefined
  /** Whether tokens from before the index have no index value yet; `undefined` if that is not said. */
  readonly building: boolean | undefined
  readonly #name: string
  readonly #isKept: boolean
  /** Whether values that it is made of are sealed, and not opened to tell whether they changed. */
  readonly #isSealed: boolean
  /** The entity that was asked for last, and what was given for it. */
  #compared: { readonly entity: WeakRef<object>; readonly given: string } | undefined

  constructor(
    index: BlindIndex,
    column: ColumnMetadata,
    sources: readonly ColumnMetadata[],
    { scope, building }: CompanionState = {},
  ) {
    this.index = index
    this.column = column
    this.sources = sources
    this.scope = scope
    this.building = building
    this.#name = column.propertyName
    this.#isKept = sources.some((source) => boundColumn(source)?.phase === "keep")
    this.#isSealed = sources.some((source) => boundColumn(source)?.isSealed)
  }

  /**
   * Returns the value of the companion in an entity or a set of values, to be compared with another
   * or stored; `undefined` if a property it covers is missing. What keeps it from being computed is
   * thrown when it is to be stored.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the caller gave the companion a value
   */
  valueIn(entity: unknown): string | null | undefined {
    if (typeof entity !== "object" || entity === null) return undefined
    const given = (entity as Record<string, unknown>)[this.#name]
    if (isComputed(given)) return given
    if (given !== undefined && given !== null && !isOurs(given)) throw this.setByHand()
    const values = this.#valuesIn(entity)
    if (values.includes(undefined)) return undefined
    if (values.includes(CANARY)) return `${MARK}${CANARY_DIGEST}`
    if (values.length === 1 && values[0] === null) return null
    // NULL, but anew whenever a property changes: a release that indexes may have set it
    if (this.#isKept) return `${MARK}${this.#operands(values)}`
    try {
      const digest = values.includes(null) ? "" : this.index.stored(values)
      return `${MARK}${digest}${this.#fingerprint(values)}`
    } catch (error) {
      if (!(error instanceof EncryptionError)) throw error
      return `${INCOMPUTABLE}${error.code}:${error.message}`
    }
  }

  /**
   * Has the values of the companion made together that {@link valueIn} is asked for next, of these entities
   * in this order. They are as they would be without, and sooner there.
   */
  storeAhead(entities: readonly ObjectLiteral[]): void {
    if (this.#isKept) return
    const rows = entities.map((entity) => this.#valuesIn(entity))
    try {
      this.index.storeAhead(rows.filter((values) => values.every(isIndexed)))
    } catch {
      // It says why when a value is asked for
    }
  }

  /** Forgets what was made ahead and not asked for. */
  forgetAhead(): void {
    this.index.forgetAhead()
  }

  /**
   * Returns what counts as the companion's value when an entity is compared with its row. It follows one
   * property when the statement is compiled, and is none; over several it has to say that they changed.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the caller gave the companion a value
   */
  comparedIn(entity: unknown): string | null | undefined {
    if (this.sources.length > 1 && !this.#isSealed) return this.valueIn(entity)
    if (typeof entity !== "object" || entity === null) return undefined
    const given = (entity as Record<string, unknown>)[this.#name]
    if (given !== undefined && given !== null && !isOurs(given)) throw this.setByHand()
    if (this.sources.length === 1 || this.#valuesIn(entity).includes(undefined)) return undefined
    const operand = nextUncomputed()
    this.#compared = { entity: new WeakRef(entity), given: operand }
    return operand
  }

  /**
   * Returns what counts as the companion's value in the row that an entity is compared with, which was
   * asked for just before by {@link comparedIn}.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the caller gave the companion a value
   */
  storedIn(row: unknown): string | null | undefined {
    if (this.sources.length === 1 || !this.#isSealed) return this.valueIn(row)
    if (typeof row !== "object" || row === null) return undefined
    const { entity, given } = this.#compared ?? {}
    this.#compared = undefined
    const compared = entity?.deref()
    return compared && this.#areSame(compared, row) ? given : nextUncomputed()
  }

  /**
   * Returns the value of the companion in a set of values for an UPDATE; `undefined` if none of them is
   * for a property it covers.
   *
   * @throws {@link UnsupportedQueryError} if the companion would be left behind
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the caller gave the companion a value
   */
  updatedBy(values: ObjectLiteral): string | null | undefined {
    const given = (values as Record<string, unknown>)[this.#name]
    const written = this.sources.filter((source) => isWritten(source, values))
    if (written.length === 0) {
      if (given === undefined || isOurs(given)) return undefined
      throw this.setByHand()
    }
    // What TypeORM finds no value for it sets to NULL
    if (written.some((source) => (plainValueOf(source, values) ?? null) === null)) return null
    const value = this.valueIn(values)
    if (value === undefined) throw this.incomplete()
    return value
  }

  /** Whether a set of values for an UPDATE holds only some of the properties that the index covers. */
  isCoveredInPart(values: ObjectLiteral): boolean {
    const given = this.sources.map((source) => readValueOf(source, values))
    const written = given.filter((value) => value !== undefined)
    const set = (values as Record<string, unknown>)[this.#name]
    const isSet = set !== undefined && (isComputed(set) || !isOurs(set))
    return !isSet && written.length > 0 && written.length < given.length && !written.includes(null)
  }

  /**
   * Returns what the database is to hold for a value of {@link valueIn}.
   *
   * @throws {@link EncryptionError} if it is none
   */
  persisted(value: unknown): string | null | undefined {
    if (value === null || value === undefined) return value
    if (!isOurs(value)) throw this.setByHand()
    if (value.startsWith(INCOMPUTABLE)) throw failureIn(value)
    if (!isComputed(value)) throw this.incomplete()
    const [digest = ""] = value.slice(MARK.length).split(SEPARATOR)
    return digest === "" ? null : digest
  }

  /**
   * Makes the companion of several properties count as changed whenever one of them is, also where
   * the index value stays: an UPDATE of that one alone could not tell what the others are.
   */
  #fingerprint(values: readonly unknown[]): string {
    return values.length === 1 ? "" : this.#operands(values)
  }

  #valuesIn(entity: ObjectLiteral): readonly unknown[] {
    return this.sources.map((source) => readValueOf(source, entity))
  }

  #areSame(one: ObjectLiteral, other: ObjectLiteral): boolean {
    const [values, others] = [this.#valuesIn(one), this.#valuesIn(other)]
    return this.sources.every((source, i) => boundColumn(source)?.areSame(values[i], others[i]))
  }

  #operands(values: readonly unknown[]): string {
    const operands = this.sources.map((source, i) => boundColumn(source)?.to(values[i]))
    return SEPARATOR + operands.join(SEPARATOR)
  }

  /** Says that a write would leave the companion behind. */
  incomplete(): UnsupportedQueryError {
    const property = this.#properties()
    return new UnsupportedQueryError(
      property,
      `${property} are indexed together, and the write holds only some of them, so the index ` +
        "would go stale. Write all of them at once, or load the entity and save it.",
    )
  }

  /** Says that a caller cannot give the companion a value. */
  setByHand(): EncryptionError {
    return new EncryptionError(
      "ERR_INVALID_VALUE",
      `${this.index.name} follows ${this.#properties()} by itself and cannot be set. Set the ` +
        "property instead.",
    )
  }

  #properties(): string {
    return this.index.members.map(({ property }) => property).join(", ")
  }
}

function isIndexed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== CANARY
}

/** What stands in place of a cell that could not be read is no value. */
function readValueOf(source: ColumnMetadata, entity: ObjectLiteral): unknown {
  const value = plainValueOf(source, entity)
  return isUnread(entity, source.propertyPath, value) ? undefined : value
}

function isOurs(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(MARK)
}

function isComputed(value: unknown): value is string {
  return isOurs(value) && !value.startsWith(UNCOMPUTED)
}

function nextUncomputed(): string {
  return `${UNCOMPUTED}${++uncomputed}`
}

/** What kept an index value from being computed. */
function failureIn(incomputable: string): EncryptionError {
  const [code = "", ...message] = incomputable.slice(INCOMPUTABLE.length).split(":")
  const Failure = code.startsWith("ERR_KEY") ? KeyError : EncryptionError
  return new Failure(code as KeyError["code"], message.join(":"))
}

/** Whether TypeORM visits a property when it is given a set of values to store. */
function isWritten(source: ColumnMetadata, values: ObjectLiteral): boolean {
  if (plainValueOf(source, values) !== undefined) return true
  // It leaves out undefined at the top only, and takes a path for a key but finds no value at it
  const [first = "", ...rest] = propertyKeys(source)
  return rest.length > 0 && (source.propertyPath in values || hasPath(values[first], rest))
}

function hasPath(value: unknown, [key = "", ...rest]: readonly string[]): boolean {
  if (typeof value !== "object" || value === null || !(key in value)) return false
  return rest.length === 0 || hasPath((value as Record<string, unknown>)[key], rest)
}

/** Under `Symbol.for`, so that a second copy of the package sees what the first did. */
const COMPANIONS = Symbol.for("typeorm-fernet.companions")

type WithCompanions = EntityMetadata & { [COMPANIONS]?: readonly Companion[] }

/** Leaves a companion on its entity's metadata. */
export function addCompanion(metadata: EntityMetadata, companion: Companion): void {
  const bearer = metadata as WithCompanions
  bearer[COMPANIONS] = [...companionsOf(metadata), companion]
}

const NONE: readonly Companion[] = []

/** Returns the companions of an entity's blind indexes, in the order they were declared. */
export function companionsOf(metadata: EntityMetadata): readonly Companion[] {
  return (metadata as WithCompanions)[COMPANIONS] ?? NONE
}

/** Returns the companion whose column this is, if it is one. */
export function companionAt(column: ColumnMetadata): Companion | undefined {
  const companions = companionsOf(column.entityMetadata)
  if (companions.length === 0) return undefined
  return companions.find((companion) => companion.column === column)
}

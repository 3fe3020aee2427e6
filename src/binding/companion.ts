import { randomBytes } from "node:crypto"

import type { EntityMetadata, ObjectLiteral } from "typeorm"

import { EncryptionError, UnsupportedQueryError } from "../errors"
import type { BlindIndex } from "../search/blind-index"
import { CANARY, CANARY_DIGEST } from "./canary-value"
import type { ColumnMetadata } from "./column-metadata"

/** Before an index value of ours, to tell it from whatever a caller puts in its place. */
const MARK = `typeorm-fernet:index:${randomBytes(16).toString("hex")}:`

/** In place of an index value that cannot be computed: writing its source says why. */
const INCOMPUTABLE = `${MARK}!`

/**
 * The companion column of a blind index: hidden from entities, never set by a caller, and computed
 * from the encrypted properties it covers whenever TypeORM asks for its value.
 */
export class Companion {
  readonly index: BlindIndex
  readonly column: ColumnMetadata
  /** The encrypted columns that the index covers, in its order. */
  readonly sources: readonly ColumnMetadata[]
  readonly #name: string

  constructor(index: BlindIndex, column: ColumnMetadata, sources: readonly ColumnMetadata[]) {
    this.index = index
    this.column = column
    this.sources = sources
    this.#name = column.propertyName
  }

  /**
   * Returns the value of the companion in an entity or a set of values, to be compared with another
   * or stored; `undefined` if a property it covers is missing, `null` if one is `null`.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the caller gave the companion a value
   */
  valueIn(entity: unknown): string | null | undefined {
    if (typeof entity !== "object" || entity === null) return undefined
    const given = (entity as Record<string, unknown>)[this.#name]
    if (typeof given === "string" && given.startsWith(MARK)) return given
    if (given !== undefined && given !== null) throw this.#setByHand()
    const values = this.sources.map((source) => plainValue(source, entity))
    if (values.includes(null)) return null
    if (values.includes(undefined)) return undefined
    if (values.includes(CANARY)) return `${MARK}${CANARY_DIGEST}`
    try {
      return `${MARK}${this.index.stored(values)}`
    } catch {
      return INCOMPUTABLE
    }
  }

  /** What of the companion's sources a set of values holds. */
  presenceIn(values: ObjectLiteral): "all" | "none" | "some" {
    const present = this.sources.filter((source) => plainValue(source, values) !== undefined).length
    if (present === 0) return "none"
    return present === this.sources.length ? "all" : "some"
  }

  /**
   * Returns what the database is to hold for a value of {@link valueIn}.
   *
   * @throws {@link EncryptionError} if it is none
   */
  persisted(value: unknown): string | null | undefined {
    if (value === null || value === undefined) return value
    if (typeof value !== "string" || !value.startsWith(MARK)) throw this.#setByHand()
    if (value === INCOMPUTABLE) {
      throw new EncryptionError(
        "ERR_INVALID_VALUE",
        `${this.#properties()}: the value cannot be indexed. Its type, or a normalizer, does not fit.`,
      )
    }
    return value.slice(MARK.length)
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

  #setByHand(): EncryptionError {
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

/** Reads a property as it is, past what binding the column added. */
function plainValue(column: ColumnMetadata, entity: ObjectLiteral): unknown {
  const plain = Object.getPrototypeOf(column) as ColumnMetadata
  return plain.getEntityValue.call(column, entity, false)
}

/** Under `Symbol.for`, so that a second copy of the package sees what the first did. */
const COMPANIONS = Symbol.for("typeorm-fernet.companions")

type WithCompanions = EntityMetadata & { [COMPANIONS]?: readonly Companion[] }

/** Leaves a companion on its entity's metadata. */
export function addCompanion(metadata: EntityMetadata, companion: Companion): void {
  const bearer = metadata as WithCompanions
  bearer[COMPANIONS] = [...companionsOf(metadata), companion]
}

/** Returns the companions of an entity's blind indexes, in the order they were declared. */
export function companionsOf(metadata: EntityMetadata): readonly Companion[] {
  return (metadata as WithCompanions)[COMPANIONS] ?? []
}

/** Returns the companion whose column this is, if it is one. */
export function companionAt(column: ColumnMetadata): Companion | undefined {
  const companions = companionsOf(column.entityMetadata)
  return companions.find((companion) => companion.column === column)
}

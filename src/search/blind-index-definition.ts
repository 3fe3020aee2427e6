import type { BlindIndexOptions, Normalizer } from "../column/blind-index"
import { USUAL_COST } from "./slow-index"

/** Bits from which an index counts as exact: at a billion rows, two values share one in 10^21 cases. */
export const EXACT_BITS = 128

/**
 * How one blind index is made, with everything its declaration leaves open filled in. The same
 * wherever it comes from: an entity, or the description of a table.
 */
export interface BlindIndexDefinition {
  /** The name of the companion column in the database. */
  readonly name: string
  /** What the index key is derived from, besides the key. */
  readonly context: string
  readonly normalize: readonly Normalizer[]
  readonly bits: number
  readonly unique: boolean
  /** What its digests cost, if they are to be slow: the binary logarithm of scrypt's N. */
  readonly slow?: number
}

/** Where an index is, by names of the database. */
export interface IndexPlace {
  /** Of the table, where it is given. */
  readonly schema: string | undefined
  readonly table: string
  /** The columns it covers, in its order. */
  readonly columns: readonly string[]
}

/** Returns the definition of an index that is declared with some options at some place. */
export function defineIndex(options: BlindIndexOptions, place: IndexPlace): BlindIndexDefinition {
  const { normalize = [], bits = EXACT_BITS, unique = false, slow = false } = options
  const { name = `${place.columns.join("_")}_bidx` } = options
  const isOne = typeof normalize === "string" || typeof normalize === "function"
  return {
    name,
    context: options.context ?? contextOf(place, name),
    normalize: isOne ? [normalize] : normalize,
    bits,
    unique: unique !== false,
    ...(slow !== false && { slow: slow === true ? USUAL_COST : slow }),
  }
}

/** In two schemas one value has two index values, so that a tenant's tell nothing of another's. */
function contextOf({ schema, table, columns }: IndexPlace, name: string): string {
  const parts = [table, columns.join(","), name]
  return (schema ? [schema, ...parts] : parts).join("/")
}

/** Returns the property of a companion column: its name, as far as TypeORM finds it in a statement. */
export function companionProperty(companion: string): string {
  return companion.replaceAll(/[^\p{L}\p{N}_$]/gu, "_")
}

/** Whether different values may share an index value, by design. */
export function isTruncated({ bits }: Pick<BlindIndexDefinition, "bits">): boolean {
  return bits < EXACT_BITS
}

/** Hexadecimal digits of an index value. */
export function digitsOf({ bits }: Pick<BlindIndexDefinition, "bits">): number {
  return Math.ceil(bits / 4)
}

import type { OptionNames } from "../unknown-options"

/**
 * What makes texts that count as equal the same text, before they are indexed. None depends on the
 * locale of the process.
 *
 * | name | effect |
 * | --- | --- |
 * | `"trim"` | removes whitespace at both ends |
 * | `"lowercase"` | `toLowerCase()`: `ẞ` becomes `ß`, which stays; `İ` becomes `i` and a combining dot |
 * | `"uppercase"` | `toUpperCase()`: `ß` becomes `SS`, `ı` becomes `I` |
 * | `"nfkc"` | Unicode NFKC: one form for composed and decomposed, wide, and ligated characters |
 * | `"digits"` | decimal digits of every script as ASCII digits, and nothing else |
 * | a function | what it returns; it must be deterministic, and stay the same as long as the index |
 */
export type Normalizer =
  "digits" | "lowercase" | "nfkc" | "trim" | "uppercase" | ((text: string) => string)

/**
 * Among which rows a blind index is unique. Properties are named by their path in the class, or in
 * the entity; those of `within` may not be encrypted.
 */
export interface UniqueScope {
  /**
   * Properties or relations whose columns two rows must share for equal values to be refused, as
   * `["tenantId"]`. As the database has it, a row with NULL in one of them shares it with no other.
   * Defaults to none.
   */
  readonly within?: readonly string[]

  /**
   * Properties that must be NULL for a row to count, as `["deletedAt"]`, which leaves rows out that
   * were softly deleted. PostgreSQL and SQLite. Defaults to none.
   */
  readonly whereNull?: readonly string[]
}

/** How one blind index of an encrypted property is made. */
export interface BlindIndexOptions {
  /**
   * Makes the database refuse a second row with an equal value, among all rows or those of a scope:
   * `{ within: ["tenantId"], whereNull: ["deletedAt"] }`. Values written under different keys are not
   * compared: see “Unique” in docs/blind-indexes.md. Defaults to `false`.
   */
  readonly unique?: boolean | UniqueScope

  /**
   * What is done to text before it is indexed, in order, to stored and to sought values alike. The
   * stored value itself stays as it is. Defaults to nothing.
   */
  readonly normalize?: Normalizer | readonly Normalizer[]

  /**
   * Bits of the digest to store, 1 to 256. With fewer than 128, different values share an index value: the
   * index says less, finds more than asked for, and what it finds is checked after decryption.
   * Defaults to 128, from which on no two values will ever share one.
   */
  readonly bits?: number

  /**
   * The database name of the companion column. Defaults to the name of the encrypted column with
   * `_bidx` behind it; a second index on one property needs a name of its own. In a class that is
   * embedded, the prefix of the embedding and `_` come before it.
   */
  readonly name?: string

  /**
   * What the index key is derived from. Keep the old value here when a table or column is renamed,
   * so that existing index values stay right. Defaults to
   * `schema/table/column/companion`, without the schema where the entity has none.
   */
  readonly context?: string

  /**
   * Makes each index value take long to compute, for values of which there are few enough to try them all,
   * as phone numbers and national identifiers: who has the index key tests a dozen guesses a second and not
   * millions. So does the application, one value at a time, on its only thread, and bulk work for every row.
   * A number is the binary logarithm of scrypt's N, from 10 to 20; `true` is 15, which takes 32 MiB and
   * 50 to 100 ms. Changing it means to index every row anew. Defaults to `false`.
   */
  readonly slow?: boolean | number

  /**
   * Whether tokens from before the index are still being given index values, by `column:encrypt`. Values
   * that are written are indexed, and a condition throws until every token has an index value, where it
   * would otherwise find nothing of those that have none. A query looks until it is so, and then no more.
   * `false` is for tokens that are to stay without: they are not found, and nobody looks for them.
   * Defaults to neither: the first query that asks the index looks at some rows without index value, and a
   * condition throws as long as it comes upon a token among them.
   */
  readonly building?: boolean

  /**
   * Further encrypted properties of the same class for one index over all of them together, which
   * answers conditions that give a value, or a list of them, for each.
   */
  readonly with?: readonly string[]
}

/** The names of {@link BlindIndexOptions}. */
export const blindIndexOptionNames: OptionNames<BlindIndexOptions> = {
  unique: true,
  normalize: true,
  bits: true,
  name: true,
  context: true,
  slow: true,
  building: true,
  with: true,
}

/** The names of {@link UniqueScope}. */
export const uniqueScopeNames: OptionNames<UniqueScope> = { within: true, whereNull: true }

/** What `@EncryptedColumn({ blindIndex })` takes: one index, or several on one property. */
export type BlindIndexDeclaration =
  boolean | BlindIndexOptions | readonly (BlindIndexOptions | true)[]

/** Returns the options of every index that was declared. */
export function declaredIndexes(
  declaration: BlindIndexDeclaration | undefined,
): readonly BlindIndexOptions[] {
  if (declaration === undefined || declaration === false) return []
  const list = Array.isArray(declaration)
    ? (declaration as readonly (BlindIndexOptions | true)[])
    : [declaration as BlindIndexOptions | true]
  return list.map((one) => (one === true ? {} : one))
}

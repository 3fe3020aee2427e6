import { keys } from "../../support/keys"

/** How the rows of one database came about, and how the application reads them. */
export interface Variant {
  readonly name: string
  /** Keys of the data, the first in front. */
  readonly keys: readonly [string, ...string[]]
  /** Keys of the blind indexes, the first in front. */
  readonly indexKeys: readonly [string, ...string[]]
  /** Whether some cells are still in plaintext, and are read. */
  readonly legacy?: true
  /** Whether some tokens have no index value. */
  readonly unindexed?: true
  /** Whether the unique index is one: not while index values are under two keys, or missing. */
  readonly unique?: true
  /** What TypeORM does with null and undefined in conditions. */
  readonly nulls?: Readonly<Record<"null" | "undefined", string>>
}

const { first, second } = keys

/** Every variant is a pair of databases of its own. */
export const variants: readonly Variant[] = [
  { name: "one_key", keys: [first], indexKeys: [first], unique: true },
  { name: "rotated", keys: [second, first], indexKeys: [first], unique: true },
  { name: "index_rotated", keys: [second, first], indexKeys: [second, first] },
  { name: "legacy", keys: [first], indexKeys: [first], legacy: true },
  { name: "legacy_rotated", keys: [first, second], indexKeys: [first, second], legacy: true },
  { name: "unindexed", keys: [first], indexKeys: [first], unindexed: true },
  {
    name: "null_ignored",
    keys: [first, second],
    indexKeys: [first, second],
    nulls: { null: "ignore", undefined: "ignore" },
  },
  {
    name: "null_is_null",
    keys: [first],
    indexKeys: [first],
    unique: true,
    nulls: { null: "sql-null", undefined: "ignore" },
  },
]

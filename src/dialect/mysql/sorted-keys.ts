import type { Changes } from "../batch"
import type { BulkTable } from "../dialect"

/** Rows that one list of keys is made for. MariaDB scans the table for a list that is far longer. */
const MOST_ROWS = 10_000

/**
 * Returns the keys of the rows to change, as integers in ascending order; `undefined` if the table has
 * other keys, or there are too many.
 */
export function sortedKeys(
  { key: [column, ...others] }: BulkTable,
  { batch, rows }: Changes,
): readonly string[] | undefined {
  if (!column || others.length > 0 || !/^(?:tiny|small|medium|big)?int\b/.test(column.type)) {
    return undefined
  }
  if (rows.length > MOST_ROWS) return undefined
  const keys = rows.map((row) => String(batch.primaryKeyAt(row)[0]))
  const isSorted = keys.every((key, i) => {
    const before = keys[i - 1]
    return /^-?\d+$/.test(key) && (before === undefined || BigInt(before) < BigInt(key))
  })
  return isSorted ? keys : undefined
}

/** Returns what is listed at the place that the key of a row has among sorted keys. */
export function atKey(column: string, keys: readonly string[], listed: readonly string[]): string {
  return `ELT(INTERVAL(${column}, ${keys.join()}), ${listed.join()})`
}

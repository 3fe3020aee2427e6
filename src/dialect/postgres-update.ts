import type { BulkTable, Key } from "./dialect"
import { cellText, escape, keyComparison, placeholder } from "./postgres-expressions"
import { Values, whereClause } from "./sql"

/** The rows of an update, column by column: each list is bound as one array. */
export interface UpdateLists {
  readonly keys: readonly unknown[]
  /** What the keys are cast to. */
  readonly keyCasts: readonly string[]
  readonly oldCells: readonly unknown[]
  readonly newCells: readonly unknown[]
  /** The keys of the first and of the last row. */
  readonly first: Key
  readonly last: Key
}

/**
 * Returns the statement that changes rows whose cells are what was read. The bounds keep the planner
 * from reading the key's index from its start. The guard compares bytes, since under the column's own
 * collation another text might count as equal.
 */
export function updateStatement(
  table: BulkTable,
  { keys, keyCasts, oldCells, newCells, first, last }: UpdateLists,
): [sql: string, values: unknown[]] {
  const values = new Values(placeholder)
  const sources = [
    ...keys.map((list, i) => `${values.add(list)}::${keyCasts[i] ?? "text[]"}`),
    ...newCells.map((list) => `${values.add(list)}::text[]`),
    ...oldCells.map((list) => `${values.add(list)}::text[]`),
  ]
  const names = [
    ...keys.map((_, i) => `k${i}`),
    ...newCells.map((_, i) => `n${i}`),
    ...oldCells.map((_, i) => `o${i}`),
  ]
  const set = table.columns.map((name, i) => `${escape(name)} = v.n${i}`)
  const conditions = [
    ...table.key.map(({ name }, i) => `t.${escape(name)} = v.k${i}`),
    ...table.columns.map((name, i) => `${cellText(name)} IS NOT DISTINCT FROM v.o${i}`),
    keyComparison(table, ">=", first, values),
    keyComparison(table, "<=", last, values),
  ]
  const sql =
    `UPDATE ${table.path} t SET ${set.join(", ")} ` +
    `FROM unnest(${sources.join(", ")}) AS v(${names.join(", ")})${whereClause(...conditions)}`
  return [sql, values.list]
}

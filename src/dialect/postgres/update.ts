import type { Changes } from "../batch"
import type { BulkTable } from "../dialect"
import { Values, whereClause } from "../sql"
import { cellText, escape, keyComparison, postgresSpelling } from "./expressions"
import { listsOf } from "./packed-batch"

/**
 * Returns the statement that changes rows whose cells are what was read. The bounds keep the planner
 * from reading the key's index from its start. The guard compares bytes, since under the column's own
 * collation another text might count as equal.
 */
export function updateStatement(
  table: BulkTable,
  changes: Changes,
): [sql: string, values: readonly unknown[]] {
  const { batch, rows } = changes
  const { keys, keyCasts, oldCells, newCells } = listsOf(table, changes)
  const values = new Values(postgresSpelling.placeholder)
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
    keyComparison(table, ">=", batch.keyAt(rows[0] ?? 0), values),
    keyComparison(table, "<=", batch.keyAt(rows.at(-1) ?? 0), values),
  ]
  const sql =
    `UPDATE ${table.path} t SET ${set.join(", ")} ` +
    `FROM unnest(${sources.join(", ")}) AS v(${names.join(", ")})${whereClause(...conditions)}`
  return [sql, values.list]
}

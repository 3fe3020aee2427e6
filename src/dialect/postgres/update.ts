import type { Changes } from "../batch"
import type { Connection } from "../connection"
import type { BulkTable } from "../dialect"
import type { WriteResult } from "../proof"
import { Values, whereClause } from "../sql"
import { cellText, escape, keyComparison, postgresSpelling } from "./expressions"
import { listsOf } from "./packed-batch"

/** Changes rows, and has the server compare what it returns with what was meant. */
export async function updateReturning(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
): Promise<WriteResult> {
  const values = new Values(postgresSpelling.placeholder)
  const update = updateStatement(table, changes, values)
  // What is as meant, as nearly all is, is not compared with what it was
  const state =
    `CASE WHEN ${sameCells(table, "n")} THEN 'meant' ` +
    `WHEN ${sameCells(table, "o")} THEN 'kept' ELSE 'altered' END`
  const { rows } = await connection.query(
    `WITH u AS (${update} RETURNING v.i, ${state} AS state) ` +
      "SELECT count(*) FILTER (WHERE state = 'meant') AS changed, " +
      "min(i) FILTER (WHERE state = 'altered') AS altered FROM u",
    values.list,
  )
  return resultOf(changes, Number(rows[0]?.changed), rows[0]?.altered)
}

/** Changes rows, lets triggers have their way, and looks at what came of it. */
export async function updateAndReread(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
): Promise<WriteResult> {
  const update = new Values(postgresSpelling.placeholder)
  const sql = updateStatement(table, changes, update)
  const { affected } = await connection.query(sql, update.list)
  await connection.query("SET CONSTRAINTS ALL IMMEDIATE")
  const values = new Values(postgresSpelling.placeholder)
  const keys = table.key.map(({ name }, i) => `t.${escape(name)} = v.k${i}`)
  const [first] = table.key
  const isThere = `t.${escape(first?.name ?? "")} IS NOT NULL`
  const { rows } = await connection.query(
    "SELECT count(*) FILTER (WHERE meant) AS meant, count(*) FILTER (WHERE kept) AS kept, " +
      "min(i) FILTER (WHERE NOT meant AND NOT kept) AS other FROM (" +
      `SELECT v.i, ${isThere} AND ${sameCells(table, "n")} AS meant, ` +
      `${isThere} AND ${sameCells(table, "o")} AS kept ` +
      `FROM ${changedRowsSource(table, changes, values)} LEFT JOIN ${table.path} t ON ${keys.join(" AND ")}) r`,
    values.list,
  )
  const { meant = 0, kept = 0, other } = rows[0] ?? {}
  // What others wrote was not changed by this statement
  const isAltered = Number(meant) + Number(kept) < affected
  return resultOf(changes, Math.min(affected, Number(meant)), isAltered ? other : undefined)
}

/**
 * Locks the rows that nobody else has locked, until the transaction ends, and returns the changes of
 * these.
 */
export async function lockFreeRows(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
): Promise<Changes> {
  const values = new Values(postgresSpelling.placeholder)
  const { keys, keyCasts } = listsOf(table, { ...changes, newCells: [] })
  const lists = keys.map((list, i) => `${values.add(list)}::${keyCasts[i] ?? "text[]"}`)
  const names = keys.map((_, i) => `k${i}`)
  const strength = table.inUniqueKey ? "UPDATE" : "NO KEY UPDATE"
  const rows = await connection.list(
    `SELECT v.i FROM unnest(${lists.join(", ")}) WITH ORDINALITY AS v(${names.join(", ")}, i), ` +
      `${table.path} t${whereClause(...keyConditions(table, changes, values))} ` +
      `FOR ${strength} OF t SKIP LOCKED`,
    values.list,
  )
  const free = rows.map(([place]) => changes.rows[Number(place) - 1] ?? 0)
  return { ...changes, rows: free.sort((a, b) => a - b) }
}

/**
 * Says which rows those of a list `v` of keys are. The bounds keep the planner from reading the key's
 * index from its start.
 */
function keyConditions(
  table: BulkTable,
  { batch, rows }: Changes,
  values: Values,
): readonly string[] {
  return [
    ...table.key.map(({ name }, i) => `t.${escape(name)} = v.k${i}`),
    keyComparison(table, ">=", batch.primaryKeyAt(rows[0] ?? 0), values),
    keyComparison(table, "<=", batch.primaryKeyAt(rows.at(-1) ?? 0), values),
  ]
}

function resultOf(changes: Changes, changed: number, altered: unknown): WriteResult {
  if (altered === null || altered === undefined) return { changed }
  return { changed: 0, altered: changes.batch.primaryKeyAt(changes.rows[Number(altered) - 1] ?? 0) }
}

/** Says whether all cells of a row are those of a list, compared as bytes. */
function sameCells(table: BulkTable, list: "n" | "o"): string {
  const same = table.columns.map((name, i) => {
    const meant = newCell(table, name, i)
    // jsonb is as the server spells it: what was read is so already
    const cell = list === "o" || meant === `v.n${i}` ? `v.${list}${i}` : `${meant}::text`
    return `${cellText(name)} IS NOT DISTINCT FROM ${cell}`
  })
  return `(${same.join(" AND ")})`
}

/** A new cell, which was sent as text, in the type of its column. */
function newCell({ documents = {} }: BulkTable, name: string, i: number): string {
  const type = Object.hasOwn(documents, name) ? documents[name] : undefined
  return type === undefined ? `v.n${i}` : `v.n${i}::${type}`
}

/** The rows to change as a table `v` of keys, new cells, old cells and positions from 1. */
function changedRowsSource(table: BulkTable, changes: Changes, values: Values): string {
  const { keys, keyCasts, oldCells, newCells } = listsOf(table, changes)
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
  return `unnest(${sources.join(", ")}) WITH ORDINALITY AS v(${names.join(", ")}, i)`
}

/**
 * Returns the statement that changes rows whose cells are what was read. The guard compares bytes,
 * since under the column's own collation another text might count as equal.
 */
function updateStatement(table: BulkTable, changes: Changes, values: Values): string {
  const source = changedRowsSource(table, changes, values)
  const set = table.columns.map((name, i) => `${escape(name)} = ${newCell(table, name, i)}`)
  const conditions = [...keyConditions(table, changes, values), sameCells(table, "o")]
  return `UPDATE ${table.path} t SET ${set.join(", ")} FROM ${source}${whereClause(...conditions)}`
}

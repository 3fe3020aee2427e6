import type { Connection, ResultRow } from "./connection"
import type { BulkTable, Dialect, Key, KeyRange, ReadOptions, RowChange } from "./dialect"
import { filterCondition, TOKEN_HEAD, Values, whereClause } from "./sql"
import { describeSqliteTable } from "./sqlite-table"

/** What one statement may bind by default (SQLITE_MAX_VARIABLE_NUMBER). */
const MAX_VALUES = 32766

/** SQLite from 3.33, the first with UPDATE … FROM. */
export const sqliteDialect: Dialect = {
  escape,

  describe: describeSqliteTable,

  async count(connection, table, filter) {
    const condition = filterCondition(table, filter, hasTokenHead, (name) => `t.${escape(name)}`)
    const { rows } = await connection.query(
      `SELECT count(*) AS count, max(${cellsLength(table)}) AS longest FROM ${table.path} AS t` +
        whereClause(condition, table.where),
    )
    return { rows: Number(rows[0]?.count), longest: Number(rows[0]?.longest ?? 0) }
  },

  async longestPlaintext(connection, table, column) {
    const { rows } = await connection.query(
      `SELECT max(length(CAST(t.${escape(column)} AS BLOB))) AS bytes FROM ${table.path} AS t` +
        whereClause(`NOT (${hasTokenHead(column)})`, table.where),
    )
    return Number(rows[0]?.bytes ?? 0)
  },

  async read(connection, table, options) {
    const cells = table.columns.map((name, i) => `${cellText(name)} AS c${i}`)
    const rows = await select(connection, table, cells, options)
    return rows.map((row) => ({
      key: keyOf(row, table),
      cells: table.columns.map((_, i) => row[`c${i}`] as string | null),
    }))
  },

  async measure(connection, table, options) {
    const rows = await select(connection, table, [`${cellsLength(table)} AS bytes`], options)
    return rows.map((row) => ({ key: keyOf(row, table), bytes: Number(row.bytes) }))
  },

  rowsPerStatement: ({ key, columns }) =>
    Math.max(1, Math.floor(MAX_VALUES / (key.length + 2 * columns.length))),

  async write(connection, table, changes) {
    const [sql, values] = updateStatement(table, changes)
    return (await connection.query(sql, values)).affected
  },

  // Its triggers cannot change what is written; and others share the connection and its transaction
  rehearse: () => Promise.resolve(true),

  shardCondition: () => undefined,

  async boundLockWaits(connection, milliseconds) {
    const { rows } = await connection.query("PRAGMA busy_timeout")
    await connection.query(`PRAGMA busy_timeout = ${Math.ceil(milliseconds)}`)
    return async () => {
      await connection.query(`PRAGMA busy_timeout = ${Number(rows[0]?.timeout)}`)
    }
  },

  // The database file has one writer at a time anyway
  tryLock: () => Promise.resolve(() => Promise.resolve()),

  transience: (error) =>
    /^SQLITE_(?:BUSY|LOCKED)/.test(String((error as { code?: unknown }).code)) ? "lock" : undefined,
}

function updateStatement(
  table: BulkTable,
  changes: readonly RowChange[],
): [sql: string, values: unknown[]] {
  const values = changes.flatMap(({ key, cells, newCells }) => [...key, ...cells, ...newCells])
  const place = (list: number, i: number): string => {
    const before = [0, table.key.length, table.key.length + table.columns.length][list] ?? 0
    return `v.column${before + i + 1}`
  }
  const row = `(${Array(values.length / changes.length)
    .fill("?")
    .join(", ")})`
  const set = table.columns.map((name, i) => `${escape(name)} = ${place(2, i)}`)
  const conditions = [
    ...table.key.map(({ name }, i) => `t.${escape(name)} = ${place(0, i)}`),
    ...table.columns.map((name, i) => `${cellText(name)} IS ${place(1, i)}`),
  ]
  const sql =
    `UPDATE ${table.path} AS t SET ${set.join(", ")} ` +
    `FROM (VALUES ${Array(changes.length).fill(row).join(", ")}) AS v${whereClause(...conditions)}`
  return [sql, values]
}

async function select(
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit }: ReadOptions,
): Promise<readonly ResultRow[]> {
  const values = new Values(() => "?")
  const keys = table.key.map(({ name }, i) => `t.${escape(name)} AS k${i}`)
  const { rows } = await connection.query(
    `SELECT ${[...keys, ...columns].join(", ")} FROM ${table.path} AS t` +
      whereClause(
        ...rangeConditions(table, { after, upTo }, values),
        filterCondition(table, filter, hasTokenHead, (name) => `t.${escape(name)}`),
        table.where,
      ) +
      ` ORDER BY ${keyList(table)} LIMIT ${limit}`,
    values.list,
  )
  return rows
}

function keyOf(row: ResultRow, table: BulkTable): Key {
  return table.key.map((_, i) => row[`k${i}`])
}

function cellsLength(table: BulkTable): string {
  const lengths = table.columns.map(
    (name) => `coalesce(length(CAST(t.${escape(name)} AS BLOB)), 0)`,
  )
  return lengths.join(" + ")
}

/** Text, though a column may hold a blob; of no collation, since a cast has none. */
function cellText(column: string): string {
  return `CAST(t.${escape(column)} AS TEXT)`
}

function rangeConditions(table: BulkTable, range: KeyRange, values: Values): string[] {
  const conditions: string[] = []
  if (range.after) conditions.push(keyComparison(table, ">", range.after, values))
  if (range.upTo) conditions.push(keyComparison(table, "<=", range.upTo, values))
  return conditions
}

function keyComparison(table: BulkTable, operator: string, key: Key, values: Values): string {
  return `(${keyList(table)}) ${operator} (${key.map((value) => values.add(value)).join(", ")})`
}

function keyList(table: BulkTable): string {
  return table.key.map(({ name }) => `t.${escape(name)}`).join(", ")
}

/** LIKE would ignore the case of ASCII letters. */
function hasTokenHead(column: string): string {
  return `substr(${cellText(column)}, 1, ${TOKEN_HEAD.length}) = '${TOKEN_HEAD}'`
}

function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

import type { ColumnAccess } from "./column-access"
import type { Connection } from "./connection"
import type { BulkTable, Dialect, Key, KeyRange, ReadOptions } from "./dialect"
import { TOKEN_HEAD } from "../fernet/token-format"
import { filterCondition, Values, whereClause } from "./sql"
import { driverCodeOf } from "./statement-error"
import { describeSqliteTable } from "./sqlite-table"
import {
  type ChangeLists,
  changesIn,
  listChanges,
  valueBatch,
  type ValueBatch,
} from "./value-batch"

/**
 * SQLite.
 *
 * @param runEach - runs a statement once for each list of values
 */
export function sqliteDialect(runEach: NonNullable<Connection["runEach"]>): Dialect {
  const write = (table: BulkTable, lists: ChangeLists): Promise<number> =>
    runEach(updateStatement(table), updateValues(lists))
  return {
    ...common,

    write: (_, table, changes) => write(table, listChanges(table, changes)),

    columnwise: {
      read: readBatch,

      write: (_, table, batch: ValueBatch, newCells) => write(table, changesIn(batch, newCells)),
    } satisfies ColumnAccess<ValueBatch>,
  }
}

const common: Omit<Dialect, "columnwise" | "write"> = {
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
    return (await readBatch(connection, table, options)).toRows()
  },

  async measure(connection, table, options) {
    const rows = await select(connection, table, [cellsLength(table)], options)
    return rows.map((row) => ({ key: row.slice(0, -1), bytes: Number(row.at(-1)) }))
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

  transience: (error) => (/^SQLITE_(?:BUSY|LOCKED)/.test(driverCodeOf(error)) ? "lock" : undefined),
}

/** Changes one row: prepared once, it costs less than one statement for many. */
function updateStatement({ path, key, columns }: BulkTable): string {
  const set = columns.map((name) => `${escape(name)} = ?`)
  const conditions = [
    ...key.map(({ name }) => `t.${escape(name)} = ?`),
    ...columns.map((name) => `${cellText(name)} IS ?`),
  ]
  return `UPDATE ${path} AS t SET ${set.join(", ")}${whereClause(...conditions)}`
}

function updateValues({ keys, oldCells, newCells }: ChangeLists): readonly (readonly unknown[])[] {
  const columns = [...newCells, ...keys, ...oldCells]
  const rows = columns[0]?.length ?? 0
  return Array.from({ length: rows }, (_, row) => columns.map((values) => values[row]))
}

async function readBatch(
  connection: Connection,
  table: BulkTable,
  options: ReadOptions,
): Promise<ValueBatch> {
  const cells = table.columns.map(cellText)
  return valueBatch(table, await select(connection, table, cells, options))
}

async function select(
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit }: ReadOptions,
): Promise<readonly (readonly unknown[])[]> {
  const values = new Values(() => "?")
  const keys = table.key.map(({ name }) => `t.${escape(name)}`)
  return connection.list(
    `SELECT ${[...keys, ...columns].join(", ")} FROM ${table.path} AS t` +
      whereClause(
        ...rangeConditions(table, { after, upTo }, values),
        filterCondition(table, filter, hasTokenHead, (name) => `t.${escape(name)}`),
        table.where,
      ) +
      ` ORDER BY ${keyList(table)} LIMIT ${limit}`,
    values.list,
  )
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

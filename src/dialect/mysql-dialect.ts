import type { ColumnAccess } from "./column-access"
import type { Connection } from "./connection"
import type { BulkTable, Dialect, Key, KeyRange, ReadOptions, Transience } from "./dialect"
import {
  bindMysql,
  escapeMysql,
  hasTokenHead,
  keyOperand,
  keyOrder,
  keyRead,
  keyValue,
  utf8Bytes,
} from "./mysql-expressions"
import { describeMysqlTable } from "./mysql-table"
import { type RowWord, updateStatement } from "./mysql-update"
import { rehearseInTransaction } from "./rehearse"
import { filterCondition, Values, whereClause } from "./sql"
import { driverCodeOf, isConnectionLost } from "./statement-error"
import { rowsThatFit } from "./statement-parts"
import {
  type ChangeLists,
  changesIn,
  listChanges,
  valueBatch,
  type ValueBatch,
} from "./value-batch"

/** MariaDB from 10.3. Keys travel as text and are cast by the server. */
export const mariaDbDialect: Dialect = mysqlFamilyDialect("")

/** MySQL from 8.0.19, the first with a VALUES statement. */
export const mysqlDialect: Dialect = mysqlFamilyDialect("ROW")

function mysqlFamilyDialect(rowWord: RowWord): Dialect {
  return {
    escape: escapeMysql,

    describe: describeMysqlTable,

    async count(connection, table, filter) {
      const condition = filterCondition(
        table,
        filter,
        hasTokenHead,
        (name) => `t.${escapeMysql(name)}`,
      )
      const { rows } = await connection.query(
        `SELECT count(*) AS count, max(${cellsLength(table)}) AS longest FROM ${table.path} t` +
          whereClause(condition, table.where),
      )
      return { rows: Number(rows[0]?.count), longest: Number(rows[0]?.longest ?? 0) }
    },

    async longestPlaintext(connection, table, column) {
      const { rows } = await connection.query(
        `SELECT max(length(${utf8Bytes(`t.${escapeMysql(column)}`)})) AS bytes ` +
          `FROM ${table.path} t${whereClause(`NOT (${hasTokenHead(column)})`, table.where)}`,
      )
      return Number(rows[0]?.bytes ?? 0)
    },

    async read(connection, table, options) {
      return (await readBatch(connection, table, options)).toRows()
    },

    async measure(connection, table, options) {
      const rows = await select(connection, table, [cellsLength(table)], options)
      return rows.map((row) => ({
        key: table.key.map((column, i) => keyValue(row[i], column)),
        bytes: Number(row.at(-1)),
      }))
    },

    write: (connection, table, changes) =>
      writeLists(connection, table, listChanges(table, changes), rowWord),

    columnwise: {
      read: readBatch,

      write: (connection, table, batch: ValueBatch, newCells) =>
        writeLists(connection, table, changesIn(batch, newCells), rowWord),
    } satisfies ColumnAccess<ValueBatch>,

    rehearse(connection, table, change, again, inTransaction) {
      return rehearseInTransaction(this, connection, table, change, again, inTransaction)
    },

    shardCondition(table, index, count) {
      const key = table.key.map(({ name }) => `t.${escapeMysql(name)}`).join(", ")
      return `CRC32(CONCAT_WS('/', ${key})) % ${count} = ${index}`
    },

    async boundLockWaits(connection, milliseconds) {
      const wait = "innodb_lock_wait_timeout"
      const { rows } = await connection.query(
        `SELECT @@SESSION.${wait} AS wait, @@SESSION.autocommit AS autocommit`,
      )
      const set = (seconds: number, autocommit: number): Promise<unknown> =>
        connection.query(`SET SESSION ${wait} = ${seconds}, SESSION autocommit = ${autocommit}`)
      await set(Math.max(1, Math.round(milliseconds / 1000)), 1)
      return async () => {
        await set(Number(rows[0]?.wait), Number(rows[0]?.autocommit))
      }
    },

    async tryLock(connection, { path }, part) {
      // Such locks are the server's, not the database's
      const own = path.includes("`.`") ? "''" : "CONCAT('`', DATABASE(), '`.')"
      const name = `SHA1(CONCAT('typeorm-fernet:', ${own}, ?))`
      const values = [bindMysql(`${path}:${part}`)]
      const { rows } = await connection.query(`SELECT GET_LOCK(${name}, 0) AS taken`, values)
      if (Number(rows[0]?.taken) !== 1) return undefined
      return async () => {
        await connection.query(`SELECT RELEASE_LOCK(${name})`, values)
      }
    },

    transience: (error) => transienceOf(driverCodeOf(error)),
  }
}

async function readBatch(
  connection: Connection,
  table: BulkTable,
  options: ReadOptions,
): Promise<ValueBatch> {
  const cells = table.columns.map((name) => utf8Bytes(`t.${escapeMysql(name)}`))
  return valueBatch(
    table,
    await select(connection, table, cells, options),
    (value, i) => keyValue(value, table.key[i]),
    (cell) => (cell as Buffer | null)?.toString("utf8") ?? null,
  )
}

async function writeLists(
  connection: Connection,
  table: BulkTable,
  lists: ChangeLists,
  rowWord: RowWord,
): Promise<number> {
  const rows = lists.keys[0]?.length ?? 0
  const cells = [...lists.oldCells, ...lists.newCells]
  const lengthOf = (row: number): number =>
    cells.reduce((sum, column) => sum + (column[row]?.length ?? 0), 0)
  let changed = 0
  for (let from = 0; from < rows;) {
    const end = from + rowsThatFit(lengthOf, from, rows)
    const [sql, values] = updateStatement(table, lists, [from, end], rowWord)
    changed += (await connection.query(sql, values)).affected
    from = end
  }
  return changed
}

async function select(
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit, latest = false }: ReadOptions,
): Promise<readonly (readonly unknown[])[]> {
  const values = new Values(() => "?")
  const keys = table.key.map(keyRead)
  return connection.list(
    `SELECT ${[...keys, ...columns].join(", ")} FROM ${table.path} t` +
      whereClause(
        ...rangeConditions(table, { after, upTo }, values),
        filterCondition(table, filter, hasTokenHead, (name) => `t.${escapeMysql(name)}`),
        table.where,
      ) +
      ` ORDER BY ${table.key.map(keyOrder).join(", ")} LIMIT ${limit}` +
      (latest ? " FOR UPDATE" : ""),
    values.list,
  )
}

function cellsLength(table: BulkTable): string {
  return table.columns.map((name) => `coalesce(length(t.${escapeMysql(name)}), 0)`).join(" + ")
}

function rangeConditions(table: BulkTable, range: KeyRange, values: Values): string[] {
  const conditions: string[] = []
  if (range.after) conditions.push(keyComparison(table, ">", range.after, values))
  if (range.upTo) conditions.push(keyComparison(table, "<=", range.upTo, values))
  return conditions
}

/** Spelt out, since the optimizer reads a comparison of rows without the key's index. */
function keyComparison(table: BulkTable, operator: ">" | "<=", key: Key, values: Values): string {
  const strict = operator === ">" ? ">" : "<"
  const alternatives = table.key.map((_, last) =>
    table.key
      .slice(0, last + 1)
      .map((column, i) => {
        const isLast = i === table.key.length - 1
        const compare = i < last ? "=" : isLast ? operator : strict
        const operand = keyOperand(values.add(bindMysql(key[i])), column)
        return `${keyOrder(column)} ${compare} ${operand}`
      })
      .join(" AND "),
  )
  return alternatives.map((alternative) => `(${alternative})`).join(" OR ")
}

const LOST_TO_LOCKS: ReadonlySet<string> = new Set([
  ...["ER_LOCK_WAIT_TIMEOUT", "ER_LOCK_DEADLOCK", "ER_LOCK_NOWAIT", "ER_CHECKREAD"],
  // Stopped by a limit on statements, which a smaller one may keep
  ...["ER_QUERY_INTERRUPTED", "ER_STATEMENT_TIMEOUT", "ER_QUERY_TIMEOUT"],
])

const CONNECTION_ENDED: ReadonlySet<string> = new Set([
  ...["ER_SERVER_SHUTDOWN", "ER_CONNECTION_KILLED", "ER_CLIENT_INTERACTION_TIMEOUT"],
  ...["ER_NEW_ABORTING_CONNECTION", "ER_CON_COUNT_ERROR"],
])

function transienceOf(code: string): Transience {
  if (LOST_TO_LOCKS.has(code)) return "lock"
  const isLost = isConnectionLost(code) || CONNECTION_ENDED.has(code)
  return isLost || code.startsWith("PROTOCOL_") ? "connection" : undefined
}

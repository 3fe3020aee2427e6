import type { Connection, ResultRow } from "./connection"
import type { BulkTable, Dialect, Key, ReadOptions, Transience } from "./dialect"
import {
  cellsLength,
  cellText,
  escape,
  hasTokenHead,
  keyList,
  placeholder,
  rangeConditions,
} from "./postgres-expressions"
import { describePostgresTable } from "./postgres-table"
import { updateStatement } from "./postgres-update"
import { rehearseInTransaction } from "./rehearse"
import { filterCondition, Values, whereClause } from "./sql"
import { isConnectionLost } from "./statement-error"

/**
 * PostgreSQL, and what speaks its protocol and dialect: nothing here but UPDATE … FROM unnest(),
 * row comparison and casts. Keys travel as text and are cast by the server, so that no type loses
 * anything in JavaScript.
 */
export const postgresDialect: Dialect = {
  escape,

  describe: describePostgresTable,

  async count(connection, table, filter) {
    const condition = filterCondition(table, filter, hasTokenHead, (name) => `t.${escape(name)}`)
    const { rows } = await connection.query(
      `SELECT count(*) AS count, max(${cellsLength(table)}) AS longest FROM ${table.path} t` +
        whereClause(condition, table.where),
    )
    return { rows: Number(rows[0]?.count), longest: Number(rows[0]?.longest ?? 0) }
  },

  async longestPlaintext(connection, table, column) {
    const { rows } = await connection.query(
      `SELECT max(octet_length(${cellText(column)})) AS bytes FROM ${table.path} t` +
        whereClause(`NOT (${hasTokenHead(column)})`, table.where),
    )
    return Number(rows[0]?.bytes ?? 0)
  },

  async read(connection, table, options) {
    const cells = table.columns.map((name, i) => `t.${escape(name)}::text AS c${i}`)
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

  rowsPerStatement: () => Infinity,

  async write(connection, table, changes) {
    const [sql, values] = updateStatement(table, {
      keys: table.key.map((_, i) => changes.map(({ key }) => key[i])),
      keyCasts: table.key.map(({ type }) => `text[]${type === "text" ? "" : `::${type}[]`}`),
      oldCells: table.columns.map((_, i) => changes.map(({ cells }) => cells[i])),
      newCells: table.columns.map((_, i) => changes.map(({ newCells }) => newCells[i])),
      first: changes[0]?.key ?? [],
      last: changes.at(-1)?.key ?? [],
    })
    return (await connection.query(sql, values)).affected
  },

  rehearse(connection, table, change, again, inTransaction) {
    return rehearseInTransaction(this, connection, table, change, again, inTransaction)
  },

  shardCondition(table, index, count) {
    const key = table.key.map(({ name }) => `t.${escape(name)}::text`).join(", ")
    const hash = `('x' || substr(md5(concat_ws('/', ${key})), 1, 8))::bit(32)::bigint`
    return `${hash} % ${count} = ${index}`
  },

  async boundLockWaits(connection, milliseconds) {
    const { rows } = await connection.query("SHOW lock_timeout")
    await connection.query(`SET lock_timeout = ${Math.ceil(milliseconds)}`)
    return async () => {
      await connection.query("SELECT set_config('lock_timeout', $1, false)", [
        rows[0]?.lock_timeout,
      ])
    }
  },

  async tryLock(connection, { path }, part, inTransaction) {
    const lock = "hashtextextended('typeorm-fernet:' || $1::regclass::oid || ':' || $2, 0)"
    // In a transaction that failed, no statement could give a session's lock back
    const take = inTransaction ? "pg_try_advisory_xact_lock" : "pg_try_advisory_lock"
    const { rows } = await connection.query(`SELECT ${take}(${lock}) AS taken`, [path, part])
    if (rows[0]?.taken !== true) return undefined
    return async () => {
      if (!inTransaction) {
        await connection.query(`SELECT pg_advisory_unlock(${lock})`, [path, part])
      }
    }
  },

  transience: (error) => transienceOf(String((error as { code?: unknown }).code)),
}

async function select(
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit, anyOrder = false }: ReadOptions,
): Promise<readonly ResultRow[]> {
  const values = new Values(placeholder)
  const keys = table.key.map(({ name }, i) => `t.${escape(name)}::text AS k${i}`)
  const { rows } = await connection.query(
    `SELECT ${[...keys, ...columns].join(", ")} FROM ${table.path} t` +
      whereClause(
        ...rangeConditions(table, { after, upTo }, values),
        filterCondition(table, filter, hasTokenHead, (name) => `t.${escape(name)}`),
        table.where,
      ) +
      (anyOrder ? "" : ` ORDER BY ${keyList(table)}`) +
      ` LIMIT ${limit}`,
    values.list,
  )
  return rows
}

function keyOf(row: ResultRow, table: BulkTable): Key {
  return table.key.map((_, i) => row[`k${i}`])
}

/** SQLSTATE: lock not available, deadlock, serialization failure, a limit on statements. */
const LOST_TO_LOCKS: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"])

/** Class 08, and shutdowns. */
function transienceOf(code: string): Transience {
  if (LOST_TO_LOCKS.has(code)) return "lock"
  const isLost = /^08...$/.test(code) || ["57P01", "57P02", "57P03"].includes(code)
  return isLost || isConnectionLost(code) ? "connection" : undefined
}

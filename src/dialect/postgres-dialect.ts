import type { ColumnAccess } from "./column-access"
import type { Connection } from "./connection"
import type { BulkTable, Dialect, ReadOptions, Transience } from "./dialect"
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
import { driverCodeOf, isConnectionLost } from "./statement-error"
import {
  type ChangeLists,
  changesIn,
  keyOf,
  listChanges,
  valueBatch,
  type ValueBatch,
} from "./value-batch"

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
    return (await readBatch(connection, table, options)).toRows()
  },

  async measure(connection, table, options) {
    const rows = await select(connection, table, [cellsLength(table)], options)
    return rows.map((row) => ({ key: row.slice(0, -1), bytes: Number(row.at(-1)) }))
  },

  async write(connection, table, changes) {
    return writeLists(connection, table, listChanges(table, changes))
  },

  columnwise: {
    read: readBatch,

    async write(connection, table, batch: ValueBatch, newCells) {
      return writeLists(connection, table, changesIn(batch, newCells))
    },
  } satisfies ColumnAccess<ValueBatch>,

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

  vacuum: ({ path }) => `VACUUM ${path}`,

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

  transience: (error) => transienceOf(driverCodeOf(error)),
}

async function readBatch(
  connection: Connection,
  table: BulkTable,
  options: ReadOptions,
): Promise<ValueBatch> {
  const cells = table.columns.map((name) => `t.${escape(name)}::text`)
  return valueBatch(table, await select(connection, table, cells, options))
}

async function writeLists(
  connection: Connection,
  table: BulkTable,
  lists: ChangeLists,
): Promise<number> {
  const [sql, values] = updateStatement(table, {
    ...lists,
    keyCasts: table.key.map(({ type }) => `text[]${type === "text" ? "" : `::${type}[]`}`),
    first: keyOf(lists, 0),
    last: keyOf(lists, (lists.keys[0]?.length ?? 0) - 1),
  })
  return (await connection.query(sql, values)).affected
}

async function select(
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit, anyOrder = false }: ReadOptions,
): Promise<readonly (readonly unknown[])[]> {
  const values = new Values(placeholder)
  const keys = table.key.map(({ name }) => `t.${escape(name)}::text`)
  return connection.list(
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
}

/** SQLSTATE: lock not available, deadlock, serialization failure, a limit on statements. */
const LOST_TO_LOCKS: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"])

/** Class 08, and shutdowns. */
function transienceOf(code: string): Transience {
  if (LOST_TO_LOCKS.has(code)) return "lock"
  const isLost = /^08...$/.test(code) || ["57P01", "57P02", "57P03"].includes(code)
  return isLost || isConnectionLost(code) ? "connection" : undefined
}

import type { Connection } from "../connection"
import type { BulkTable, Dialect, KeyColumn, Transience } from "../dialect"
import { readingIn } from "../reading"
import { undoIfAltered } from "../proof"
import { driverCodeOf, isConnectionLost } from "../statement-error"
import { escape, postgresSpelling } from "./expressions"
import { PackedBatch, packedSelect } from "./packed-batch"
import { describePostgresTable } from "./table"
import { lockFreeRows, updateAndReread, updateReturning } from "./update"

/** No limit of the role or the server ends a statement, a transaction or a session at rest. */
const sessionSettings = {
  statement_timeout: "0",
  transaction_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  // Fewer digits of a float would name another key than that of its row
  extra_float_digits: "3",
}

/**
 * PostgreSQL, and what speaks its protocol and dialect: nothing here but UPDATE … FROM unnest(),
 * row comparison and casts. Keys travel as text and are cast by the server, so that no type loses
 * anything in JavaScript.
 */
export const postgresDialect: Dialect = {
  ...readingIn(postgresSpelling),

  describe: describePostgresTable,

  write: (connection, table, changes, { inTransaction, skipLocked }) =>
    undoIfAltered(connection, inTransaction, async () => {
      const free = skipLocked ? await lockFreeRows(connection, table, changes) : changes
      if (free.rows.length === 0) return { changed: 0 }
      return table.mustReread
        ? updateAndReread(connection, table, free)
        : updateReturning(connection, table, free)
    }),

  skipsLocked: true,

  shardCondition: (table, index, count) => `${hashOfKey(table, [])} % ${count} = ${index}`,

  sampleCondition: (table, fraction, seed) =>
    `${hashOfKey(table, [`'${seed}'`])} < ${Math.ceil(fraction * 2 ** 32)}`,

  async prepareSession(connection, lockTimeoutMs) {
    const settings: Record<string, string> = { ...sessionSettings }
    if (lockTimeoutMs !== undefined) settings.lock_timeout = String(Math.ceil(lockTimeoutMs))
    const current = Object.keys(settings).map(
      (name) => `current_setting('${name}', true) AS ${name}`,
    )
    const { rows } = await connection.query(`SELECT ${current.join(", ")}`)
    // Older servers have fewer limits
    const before = Object.entries(rows[0] ?? {}).filter(([, value]) => value !== null)
    // In a transaction of the caller's, what fails ends with it
    const isLocal = lockTimeoutMs === undefined
    const set = (
      values: readonly (readonly [name: string, value: unknown])[],
    ): Promise<unknown> => {
      const calls = values.map(([name], i) => `set_config('${name}', $${i + 1}, ${isLocal})`)
      return connection.query(
        `SELECT ${calls.join(", ")}`,
        values.map(([, value]) => value),
      )
    }
    await set(before.map(([name]) => [name, settings[name]]))
    return async () => {
      await set(before)
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

/** PostgreSQL itself, which lets batches be read as arrays. Others aggregate in an order of their own. */
export function packingDialect(copyOut: NonNullable<Connection["copyOut"]>): Dialect {
  return {
    ...postgresDialect,
    read: async (_, table, options) =>
      new PackedBatch(table, await copyOut(packedSelect(table, options))),
  }
}

/** A number of 32 bits. */
function hashOfKey({ key }: BulkTable, before: readonly string[]): string {
  const parts = [...before, ...key.map(hashed)]
  return `('x' || substr(md5(concat_ws('/', ${parts.join(", ")})), 1, 8))::bit(32)::bigint`
}

/** The text of a key, which must be the same whoever asks: of some types it is the session's choice. */
function hashed({ name, type }: KeyColumn): string {
  const column = `t.${escape(name)}`
  if (/^(?:date|timestamp)/.test(type)) return `extract(epoch FROM ${column})::text`
  return type === "bytea" ? `encode(${column}, 'hex')` : `${column}::text`
}

/** SQLSTATE: lock not available, deadlock, serialization failure, a limit on statements. */
const LOST_TO_LOCKS: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"])

/**
 * Class 08, shutdowns, a server without connections to spare, and limits on sessions that rest and on
 * transactions.
 */
const CONNECTION_ENDED = /^(?:08...|57P0[1235]|53300|25P0[34])$/

function transienceOf(code: string): Transience {
  if (LOST_TO_LOCKS.has(code)) return "lock"
  return CONNECTION_ENDED.test(code) || isConnectionLost(code) ? "connection" : undefined
}

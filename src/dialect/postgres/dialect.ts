import type { Connection } from "../connection"
import type { Dialect, Transience } from "../dialect"
import { readingIn } from "../reading"
import { rehearseInTransaction } from "../rehearse"
import { driverCodeOf, isConnectionLost } from "../statement-error"
import { escape, postgresSpelling } from "./expressions"
import { PackedBatch, packedSelect } from "./packed-batch"
import { describePostgresTable } from "./table"
import { updateStatement } from "./update"

/**
 * PostgreSQL, and what speaks its protocol and dialect: nothing here but UPDATE … FROM unnest(),
 * row comparison and casts. Keys travel as text and are cast by the server, so that no type loses
 * anything in JavaScript.
 */
export const postgresDialect: Dialect = {
  ...readingIn(postgresSpelling),

  describe: describePostgresTable,

  async write(connection, table, changes) {
    const [sql, values] = updateStatement(table, changes)
    return (await connection.query(sql, values)).affected
  },

  rehearse(connection, table, changes, again, inTransaction) {
    return rehearseInTransaction(this, connection, table, changes, again, inTransaction)
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

/** PostgreSQL itself, which lets batches be read as arrays. Others aggregate in an order of their own. */
export function packingDialect(copyOut: NonNullable<Connection["copyOut"]>): Dialect {
  return {
    ...postgresDialect,
    read: async (_, table, options) =>
      new PackedBatch(table, await copyOut(packedSelect(table, options))),
  }
}

/** SQLSTATE: lock not available, deadlock, serialization failure, a limit on statements. */
const LOST_TO_LOCKS: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"])

/** Class 08, and shutdowns. */
function transienceOf(code: string): Transience {
  if (LOST_TO_LOCKS.has(code)) return "lock"
  const isLost = /^08...$/.test(code) || ["57P01", "57P02", "57P03"].includes(code)
  return isLost || isConnectionLost(code) ? "connection" : undefined
}

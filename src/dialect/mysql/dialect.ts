import type { Dialect, Transience } from "../dialect"
import { readingIn } from "../reading"
import { rehearseInTransaction } from "../rehearse"
import { driverCodeOf, isConnectionLost } from "../statement-error"
import { bindMysql, escapeMysql, mysqlSpelling } from "./expressions"
import { describeMysqlTable } from "./table"
import { type RowWord, updateStatement } from "./update"

/** Less than 64 KiB in any encoding, which is where MariaDB cuts bytes in a VALUES list off. */
const LONGEST_IN_COMPANY = 16_000

/** MariaDB from 10.3. */
export const mariaDbDialect: Dialect = mysqlFamilyDialect("")

/** MySQL from 8.0.19, the first with a VALUES statement. */
export const mysqlDialect: Dialect = mysqlFamilyDialect("ROW")

function mysqlFamilyDialect(rowWord: RowWord): Dialect {
  return {
    ...readingIn(mysqlSpelling),

    describe: describeMysqlTable,

    async write(connection, table, changes) {
      const [sql, values] = updateStatement(table, changes, rowWord)
      return (await connection.query(sql, values)).affected
    },

    longestInCompany: LONGEST_IN_COMPANY,

    rehearse(connection, table, changes, again, inTransaction) {
      return rehearseInTransaction(this, connection, table, changes, again, inTransaction)
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

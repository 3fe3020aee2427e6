import type { Dialect, KeyColumn, Transience } from "../dialect"
import { readingIn } from "../reading"
import { documentColumns } from "../same-cell"
import { proveChanges, undoIfAltered } from "../proof"
import { driverCodeOf, isConnectionLost } from "../statement-error"
import { bindMysql, escapeMysql, mysqlSpelling } from "./expressions"
import { describeMysqlTable } from "./table"
import { holdsAsMeant, lockFreeRows, readChanged, type RowWord, updateStatement } from "./update"

/** Less than 64 KiB in any encoding, which is where MariaDB cuts bytes in a VALUES list off. */
const LONGEST_IN_COMPANY = 16_000

/**
 * MariaDB from 10.3.
 *
 * @param version - as the server tells it
 */
export function mariaDbDialect(version: string): Dialect {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10))
  const skipsLocked = major > 10 || (major === 10 && minor >= 6)
  return mysqlFamilyDialect("", skipsLocked, { max_statement_time: "0" })
}

/** MySQL from 8.0.19, the first with a VALUES statement. */
export const mysqlDialect: Dialect = mysqlFamilyDialect("ROW", true, { max_execution_time: "0" })

/** @param limits - settings of a session that would stop its statements */
function mysqlFamilyDialect(
  rowWord: RowWord,
  skipsLocked: boolean,
  limits: Readonly<Record<string, string>>,
): Dialect {
  return {
    ...readingIn(mysqlSpelling),

    describe: describeMysqlTable,

    write: (connection, table, given, { inTransaction, skipLocked }) =>
      undoIfAltered(connection, inTransaction, async () => {
        const changes = skipLocked ? await lockFreeRows(connection, table, given, rowWord) : given
        if (changes.rows.length === 0) return { changed: 0 }
        const [sql, values] = updateStatement(table, changes, rowWord)
        const { affected } = await connection.query(sql, values)
        if (affected === changes.rows.length) {
          if (await holdsAsMeant(connection, table, changes, rowWord)) return { changed: affected }
        }
        const cells = await readChanged(connection, table, changes, rowWord)
        const documents = documentColumns(table.columns, table.documents)
        return proveChanges(changes, affected, (row) => cells.get(row), documents)
      }),

    skipsLocked,

    longestInCompany: LONGEST_IN_COMPANY,

    shardCondition(table, index, count) {
      const key = table.key.map(hashed).join(", ")
      return `CRC32(CONCAT_WS('/', ${key})) % ${count} = ${index}`
    },

    sampleCondition(table, fraction, seed) {
      const key = table.key.map(hashed).join(", ")
      const digits = `SUBSTR(SHA2(CONCAT_WS('/', '${seed}', ${key}), 256), 1, 8)`
      return `CAST(CONV(${digits}, 16, 10) AS UNSIGNED) < ${Math.ceil(fraction * 2 ** 32)}`
    },

    async prepareSession(connection, lockTimeoutMs) {
      const settings: Record<string, string> = {
        // Cut to fit otherwise; and an empty string becomes NULL in some modes
        sql_mode:
          "TRIM(BOTH ',' FROM REPLACE(CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES'), " +
          "'EMPTY_STRING_IS_NULL', ''))",
        sql_safe_updates: "0",
        sql_select_limit: "DEFAULT",
        sql_big_selects: "1",
        ...limits,
      }
      if (lockTimeoutMs !== undefined) {
        settings.innodb_lock_wait_timeout = String(Math.max(1, Math.round(lockTimeoutMs / 1000)))
        settings.autocommit = "1"
      }
      const current = Object.keys(settings).map((name) => `@@SESSION.${name} AS ${name}`)
      const { rows } = await connection.query(`SELECT ${current.join(", ")}`)
      await connection.query(setStatement(settings))
      return async () => {
        const before = Object.entries(rows[0] ?? {}).map(([name, value]) => [name, spelled(value)])
        await connection.query(setStatement(Object.fromEntries(before) as typeof settings))
      }
    },

    async tryLock(connection, { path }, part) {
      // Such locks are the server's, not the database's
      const own = path.includes("`.`") ? "''" : "CONCAT('`', DATABASE(), '`.')"
      const name = `SHA2(CONCAT('typeorm-fernet:', ${own}, ?), 256)`
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

/** What is hashed of a key, which must be the same whoever asks: a timestamp is in the session's zone. */
function hashed({ name, type }: KeyColumn): string {
  const column = `t.${escapeMysql(name)}`
  return type.startsWith("timestamp") ? `UNIX_TIMESTAMP(${column})` : column
}

function setStatement(settings: Readonly<Record<string, string>>): string {
  const assignments = Object.entries(settings).map(([name, value]) => `SESSION ${name} = ${value}`)
  return `SET ${assignments.join(", ")}`
}

/** Spells a setting: a number, or names, which need no escape. */
function spelled(value: unknown): string {
  return /^\d+(?:\.\d+)?$/.test(String(value)) ? String(value) : `'${String(value)}'`
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

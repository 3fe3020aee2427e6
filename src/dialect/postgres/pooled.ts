import type { Connection } from "../connection"
import type { Dialect } from "../dialect"

/** Settings by their names. */
type Settings = Readonly<Record<string, string>>

/** A connection through a pooler, which gives each transaction some session of the server. */
export interface PooledConnection extends Connection {
  readonly copyOut?: NonNullable<Connection["copyOut"]>

  /**
   * Has every statement run in a transaction with these settings: those of a session would be left to
   * whoever is given it next. `undefined` to run statements as they are, as in a transaction of the
   * caller's.
   */
  setInTransactions(settings: Settings | undefined): void
}

/** Old rows stay visible to a transaction of any other level for as long as it lasts. */
const BEGIN = "START TRANSACTION ISOLATION LEVEL READ COMMITTED"

/** Returns what knows of a connection that a pooler is between it and the server. */
export function throughPooler(connection: Connection): PooledConnection {
  let settings: Settings | undefined
  let isOpen = false

  async function begin(): Promise<void> {
    await connection.query(BEGIN)
    const calls = Object.keys(settings ?? {}).map(
      (name, i) => `set_config('${name}', $${i + 1}, true)`,
    )
    await connection.query(`SELECT ${calls.join(", ")}`, Object.values(settings ?? {}))
  }

  async function alone<Result>(run: () => Promise<Result>): Promise<Result> {
    if (!settings || isOpen) return run()
    try {
      await begin()
      const result = await run()
      await connection.query("COMMIT")
      return result
    } catch (error) {
      // The connection may be gone
      await connection.query("ROLLBACK").catch(() => undefined)
      throw error
    }
  }

  const { copyOut } = connection
  return {
    async query(sql, values) {
      if (settings && /^(?:BEGIN|START TRANSACTION)$/.test(sql)) {
        await begin()
        isOpen = true
        return { rows: [], affected: 0 }
      }
      if (/^(?:COMMIT|ROLLBACK)$/.test(sql)) isOpen = false
      else if (!sql.startsWith("VACUUM")) return alone(() => connection.query(sql, values))
      return connection.query(sql, values)
    },

    list: (sql, values) => alone(() => connection.list(sql, values)),

    ...(copyOut && { copyOut: (sql: string) => alone(() => copyOut(sql)) }),

    setInTransactions(given) {
      settings = given
    },
  }
}

/** PostgreSQL behind a pooler, where nothing outlasts a transaction, and a lock lives in one. */
export function pooledDialect(dialect: Dialect, pooled: PooledConnection): Dialect {
  return {
    ...dialect,

    prepareSession(connection, lockTimeoutMs) {
      if (lockTimeoutMs === undefined) return dialect.prepareSession(connection, lockTimeoutMs)
      pooled.setInTransactions({
        statement_timeout: "0",
        idle_in_transaction_session_timeout: "0",
        lock_timeout: String(Math.ceil(lockTimeoutMs)),
      })
      return Promise.resolve(() => {
        pooled.setInTransactions(undefined)
        return Promise.resolve()
      })
    },

    locksByTransaction: true,

    async tryLock(connection, table, part, inTransaction) {
      if (inTransaction) return dialect.tryLock(connection, table, part, inTransaction)
      await connection.query("BEGIN")
      const rollback = async (): Promise<void> => {
        await connection.query("ROLLBACK")
      }
      try {
        if (await dialect.tryLock(connection, table, part, true)) {
          // Ends what a statement with values leaves open: its snapshot would keep old rows from VACUUM
          await connection.query("SELECT 1")
          return rollback
        }
      } catch (error) {
        await rollback().catch(() => undefined)
        throw error
      }
      await rollback()
      return undefined
    },
  }
}

/** The table of these tests through plain drivers. */
import Database from "better-sqlite3"
import { createConnection } from "mysql2/promise"
import { Client } from "pg"

/** Where the table is: the options of a DataSource. */
export interface Place {
  readonly type: string
  readonly url?: string
  readonly database?: string
}

/** A connection; places of values are written `?`. */
export interface Store {
  run(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

/** How long SQLite waits for the process that writes. */
const BUSY_MS = 60_000

/** Opens a connection. */
export async function openStore({ type, url = "", database = "" }: Place): Promise<Store> {
  if (type === "better-sqlite3") {
    const file = new Database(database, { timeout: BUSY_MS })
    file.pragma("journal_mode = WAL")
    return {
      run: (sql, values = []) => {
        const statement = file.prepare<unknown[], Record<string, unknown>>(sql)
        if (statement.reader) return Promise.resolve(statement.all(...values))
        statement.run(...values)
        return Promise.resolve([])
      },
      close: () => Promise.resolve(void file.close()),
    }
  }
  if (type === "postgres") {
    const client = new Client({ connectionString: url })
    await client.connect()
    return {
      run: async (sql, values = []) => {
        let place = 0
        const numbered = sql.replaceAll("?", () => `$${++place}`)
        return (await client.query<Record<string, unknown>>(numbered, [...values])).rows
      },
      close: () => client.end(),
    }
  }
  const connection = await createConnection({ uri: url })
  return {
    run: async (sql, values = []) => {
      const [rows] = await connection.query(sql, [...values])
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
    },
    close: () => connection.end(),
  }
}

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import type { FreshDatabase, RawRow } from "../fresh-database"

/**
 * Creates an SQLite database of its own for a test file: a temporary file, because `:memory:`
 * cannot be opened by two data sources.
 */
export function freshSqlite(): FreshDatabase {
  const directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-sqlite-"))
  const file = join(directory, "test.sqlite")
  const database = new Database(file)
  const query = (sql: string, parameters: readonly unknown[] = []) => {
    const statement = database.prepare(sql)
    if (statement.reader) return statement.all(...parameters) as RawRow[]
    statement.run(...parameters)
    return []
  }
  const escape = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`
  return {
    connection: { type: "better-sqlite3", database: file },
    query: async (sql, parameters) => Promise.resolve(query(sql, parameters)),
    escape,
    clear: () => {
      clear(query, escape)
      return Promise.resolve()
    },
    drop: () => {
      database.close()
      rmSync(directory, { recursive: true, force: true })
      return Promise.resolve()
    },
  }
}

function clear(query: (sql: string) => RawRow[], escape: (identifier: string) => string): void {
  query("PRAGMA foreign_keys = OFF")
  const tables = query(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  )
  for (const { name } of tables) query(`DROP TABLE ${escape(String(name))}`)
  query("PRAGMA foreign_keys = ON")
}

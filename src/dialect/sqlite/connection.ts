import type { QueryRunner } from "typeorm"

import type { Connection, Prepare } from "../connection"
import { type StatementError, statementError } from "../statement-error"

/** What is used of a database of `better-sqlite3`. */
interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  /** Makes a function a transaction, or within one a savepoint. */
  transaction<Result>(run: () => Result): { immediate(): Result }
}
interface RawStatement {
  all(...values: readonly unknown[]): unknown[][]
  get(...values: readonly unknown[]): unknown[] | undefined
}
interface SqliteStatement {
  readonly reader: boolean
  safeIntegers(on: boolean): SqliteStatement
  raw(on: boolean): RawStatement
  all(...values: readonly unknown[]): Record<string, unknown>[]
  run(...values: readonly unknown[]): { changes: number }
}

/** Takes the driver's own database out of a query runner that is connected through better-sqlite3. */
export async function openSqlite(
  runner: QueryRunner,
): Promise<Connection & Required<Pick<Connection, "atOnce">>> {
  const database = (await runner.connect()) as SqliteDatabase
  const run = async <Result>(sql: string, use: (statement: SqliteStatement) => Result) => {
    // Never in the same turn as the caller, as with any other database
    await Promise.resolve()
    try {
      return use(database.prepare(sql))
    } catch (error) {
      throw sqliteError(error)
    }
  }
  return {
    query: (sql, values = []) =>
      run(sql, (statement) => {
        if (!statement.reader) return { rows: [], affected: statement.run(...values).changes }
        return { rows: statement.safeIntegers(true).all(...values), affected: 0 }
      }),

    list: (sql, values = []) =>
      run(sql, (statement) =>
        statement
          .safeIntegers(true)
          .raw(true)
          .all(...values),
      ),

    async atOnce(run) {
      await Promise.resolve()
      const prepare: Prepare = (sql) => {
        const statement = database.prepare(sql)
        // A key may be larger than a number holds
        const reader = statement.reader ? statement.safeIntegers(true).raw(true) : undefined
        return {
          first: (values) => reader?.get(...values),
          all: (values) => reader?.all(...values) ?? [],
          change: (values) => statement.run(...values).changes,
        }
      }
      try {
        // Begun as a writer: one that begins by reading may find it cannot write
        return database.transaction(() => run(prepare)).immediate()
      } catch (error) {
        throw isDriverError(error) ? sqliteError(error) : error
      }
    },
  }
}

function sqliteError(error: unknown): StatementError {
  return statementError(error, (code) => code !== "SQLITE_CONSTRAINT_TRIGGER")
}

function isDriverError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("SQLITE_")
}

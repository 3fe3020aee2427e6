import type { QueryRunner } from "typeorm"

import type { Connection } from "../connection"
import { statementError } from "../statement-error"

/** What is used of a database of `better-sqlite3`. */
interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  /** Makes a function a transaction, or within one a savepoint. */
  transaction(run: () => number): { immediate(): number }
}
interface SqliteStatement {
  readonly reader: boolean
  safeIntegers(on: boolean): SqliteStatement
  raw(on: boolean): { all(...values: readonly unknown[]): unknown[][] }
  all(...values: readonly unknown[]): Record<string, unknown>[]
  run(...values: readonly unknown[]): { changes: number }
}

/** Takes the driver's own database out of a query runner that is connected through better-sqlite3. */
export async function openSqlite(
  runner: QueryRunner,
): Promise<Connection & Required<Pick<Connection, "runEach">>> {
  const database = (await runner.connect()) as SqliteDatabase
  const run = async <Result>(sql: string, use: (statement: SqliteStatement) => Result) => {
    // Never in the same turn as the caller, as with any other database
    await Promise.resolve()
    try {
      return use(database.prepare(sql))
    } catch (error) {
      throw statementError(error, (code) => code !== "SQLITE_CONSTRAINT_TRIGGER")
    }
  }
  return {
    query: (sql, values = []) =>
      run(sql, (statement) => {
        if (!statement.reader) return { rows: [], affected: statement.run(...values).changes }
        // A key may be larger than a number holds
        return { rows: statement.safeIntegers(true).all(...values), affected: 0 }
      }),

    list: (sql, values = []) =>
      run(sql, (statement) =>
        statement
          .safeIntegers(true)
          .raw(true)
          .all(...values),
      ),

    runEach: (sql, lists) =>
      run(sql, (statement) =>
        // Begun as a writer: one that begins by reading may find it cannot write
        database
          .transaction(() => {
            let changes = 0
            for (const values of lists) changes += statement.run(...values).changes
            return changes
          })
          .immediate(),
      ),
  }
}

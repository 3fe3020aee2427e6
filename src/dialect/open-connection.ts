import type { QueryRunner } from "typeorm"

import type { Connection } from "./connection"
import { CopyOut, type PgWire } from "./postgres-copy"
import { type StatementError, statementError } from "./statement-error"

/** What is used of a client of `pg`. */
interface PgClient {
  query(
    sql: string,
    values: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
  query(statement: {
    readonly text: string
    readonly values: readonly unknown[]
    readonly rowMode: "array"
  }): Promise<{ rows: unknown[][] }>
  query(statement: CopyOut): void
  /** `pg-native` has none, and takes no statements but its own. */
  readonly connection?: PgWire
  /** Whether statements follow each other without waiting, which must be all of one kind. */
  readonly pipeline?: boolean
}

/** What is used of a connection of `mysql2`. */
interface MysqlConnection {
  query(statement: MysqlStatement, callback: (error: Error | null, result: never) => void): void
}
interface MysqlStatement {
  readonly sql: string
  readonly values: readonly unknown[]
  /** A caster of the application's would change what is read. */
  readonly typeCast: true
  readonly rowsAsArray?: true
}
type MysqlResult = Record<string, unknown>[] | { affectedRows: number }

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

/** Takes the driver's own connection out of a query runner that is connected to PostgreSQL. */
export async function openPostgres(runner: QueryRunner): Promise<Connection> {
  const client = (await runner.connect()) as PgClient
  return {
    async query(sql, values = []) {
      try {
        const { rows, rowCount } = await client.query(sql, values)
        return { rows, affected: rowCount ?? 0 }
      } catch (error) {
        throw statementError(error, mayQuotePostgres)
      }
    },

    async list(sql, values = []) {
      try {
        return (await client.query({ text: sql, values, rowMode: "array" })).rows
      } catch (error) {
        throw statementError(error, mayQuotePostgres)
      }
    },

    ...(client.connection && !client.pipeline && { copyOut: (sql) => copyOut(client, sql) }),
  }
}

function copyOut(client: PgClient, sql: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const statement = new CopyOut(sql, (error, bytes) => {
      if (error) reject(statementError(error, mayQuotePostgres))
      else resolve(bytes)
    })
    client.query(statement)
  })
}

/** Takes the driver's own connection out of a query runner that is connected to MySQL. */
export async function openMysql(runner: QueryRunner): Promise<Connection> {
  const connection = (await runner.connect()) as MysqlConnection
  const run = <Result>(statement: MysqlStatement): Promise<Result> =>
    new Promise((resolve, reject) => {
      connection.query(statement, (error, result) => {
        if (error) reject(mysqlError(error))
        else resolve(result)
      })
    })
  return {
    async query(sql, values = []) {
      const result = await run<MysqlResult>({ sql, values, typeCast: true })
      return Array.isArray(result)
        ? { rows: result, affected: 0 }
        : { rows: [], affected: result.affectedRows }
    },

    list: (sql, values = []) => run({ sql, values, typeCast: true, rowsAsArray: true }),
  }
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

/**
 * Classes of SQLSTATE whose messages name what is in the catalogue. Those of data exceptions and of
 * violated constraints, and what triggers raise, may quote values.
 */
function mayQuotePostgres(code: string): boolean {
  return /^(?:08|25|28|3D|40|42|53|54|55|57|58)/.test(code) || code === "22001"
}

/** Errors of MariaDB that the driver has no name for, or that of another error of MySQL. */
const MARIADB_CODES: Readonly<Record<number, string>> = {
  1927: "ER_CONNECTION_KILLED",
  1969: "ER_STATEMENT_TIMEOUT",
  4025: "ER_CONSTRAINT_FAILED",
}

/** Messages that hold names only. That of a syntax error quotes the statement and its values. */
const QUOTED_FROM_MYSQL =
  /^(?:ER_(?:LOCK_|BAD_|NO_SUCH_|DATA_TOO_LONG|NET_PACKET_|CON_COUNT|CONSTRAINT_FAILED|CHECK_CONSTRAINT_V|.*DENIED|CANT_AGGREGATE|NON_UPDAT|STATEMENT_TIMEOUT|QUERY_|SERVER_SHUT|CONNECTION_)|PROTOCOL_|E[A-Z]+$)/

function mysqlError(error: Error): StatementError {
  const { errno = 0, code, message } = error as { errno?: number; code?: string; message: string }
  const named = { code: MARIADB_CODES[errno] ?? code, message }
  return statementError(named, (name) => QUOTED_FROM_MYSQL.test(name))
}

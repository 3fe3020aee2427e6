import type { QueryRunner } from "typeorm"

import type { Connection } from "../connection"
import { type StatementError, statementError } from "../statement-error"

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

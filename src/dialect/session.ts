import type { DataSource, QueryRunner } from "typeorm"

import { EncryptionError } from "../errors"
import type { Connection } from "./connection"
import type { Dialect } from "./dialect"
import { openMysql } from "./mysql/connection"
import { mariaDbDialect, mysqlDialect } from "./mysql/dialect"
import { mysqlSchema } from "./mysql/schema"
import { openPostgres } from "./postgres/connection"
import { packingDialect, postgresDialect } from "./postgres/dialect"
import { postgresSchema } from "./postgres/schema"
import type { SchemaDialect } from "./schema-dialect"
import { openSqlite } from "./sqlite/connection"
import { sqliteDialect } from "./sqlite/dialect"
import { sqliteSchema } from "./sqlite/schema"

/** A connection and the dialect spoken on it. */
export interface Session {
  readonly connection: Connection
  readonly dialect: Dialect
  readonly schema: SchemaDialect
}

/**
 * Opens the driver's own connection of a query runner.
 *
 * @throws {@link EncryptionError} `ERR_UNSUPPORTED_DATABASE` for a database without a dialect here
 */
export async function openSession(
  runner: QueryRunner,
  driver: DataSource["options"]["type"],
): Promise<Session> {
  switch (driver) {
    case "postgres":
    case "cockroachdb": {
      const connection = await openPostgres(runner)
      const { rows } = await connection.query("SELECT version() AS version")
      const { copyOut } = connection
      const isPostgres = /^PostgreSQL (?!.*-YB-)/.test(String(rows[0]?.version))
      const dialect = isPostgres && copyOut ? packingDialect(copyOut) : postgresDialect
      return { connection, dialect, schema: postgresSchema }
    }
    case "mysql":
    case "mariadb": {
      const connection = await openMysql(runner)
      // The driver's type does not tell: either is used for both
      const { rows } = await connection.query("SELECT version() AS version")
      const isMariaDb = /mariadb/i.test(String(rows[0]?.version))
      return { connection, dialect: isMariaDb ? mariaDbDialect : mysqlDialect, schema: mysqlSchema }
    }
    case "better-sqlite3": {
      const connection = await openSqlite(runner)
      return { connection, dialect: sqliteDialect(connection.atOnce), schema: sqliteSchema }
    }
    default:
      throw new EncryptionError(
        "ERR_UNSUPPORTED_DATABASE",
        `Bulk commands do not support ${driver}. They support PostgreSQL, MySQL, MariaDB and ` +
          "better-sqlite3.",
      )
  }
}

import type { DataSource, QueryRunner } from "typeorm"

import { EncryptionError } from "../errors"
import type { Connection } from "./connection"
import type { Dialect } from "./dialect"
import { openMysql } from "./mysql/connection"
import { mariaDbDialect, mysqlDialect } from "./mysql/dialect"
import { mysqlSchema } from "./mysql/schema"
import { openPostgres, type PostgresConnection } from "./postgres/connection"
import { packingDialect, postgresDialect } from "./postgres/dialect"
import { pooledDialect, throughPooler } from "./postgres/pooled"
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
    case "cockroachdb":
      return openPostgresSession(await openPostgres(runner))
    case "mysql":
    case "mariadb": {
      const connection = await openMysql(runner)
      // The driver's type does not tell: either is used for both
      const { rows } = await connection.query("SELECT version() AS version")
      const version = String(rows[0]?.version)
      const isMariaDb = /mariadb/i.test(version)
      return {
        connection,
        dialect: isMariaDb ? mariaDbDialect(version) : mysqlDialect,
        schema: mysqlSchema,
      }
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

async function openPostgresSession(direct: PostgresConnection): Promise<Session> {
  const { rows } = await direct.query("SELECT version() AS version, pg_backend_pid() AS pid")
  const [{ version, pid } = {}] = rows
  const isPostgres = /^PostgreSQL (?!.*-YB-)/.test(String(version))
  // A pooler answers for itself when a connection begins
  const isPooled = isPostgres && direct.processId !== undefined && direct.processId !== pid
  const pooled = isPooled ? throughPooler(direct) : undefined
  const connection = pooled ?? direct
  const { copyOut } = connection
  const dialect = isPostgres && copyOut ? packingDialect(copyOut) : postgresDialect
  return {
    connection,
    dialect: pooled ? pooledDialect(dialect, pooled) : dialect,
    schema: postgresSchema,
  }
}

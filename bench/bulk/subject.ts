import type { FreshDatabase } from "../../test/support/fresh-database"
import { freshMariaDb } from "../../test/support/mariadb/fresh-mariadb"
import { startMariaDb } from "../../test/support/mariadb/start-mariadb"
import { freshPostgres } from "../../test/support/postgres/fresh-postgres"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { freshSqlite } from "../../test/support/sqlite/fresh-sqlite"
import { readServer, type ServerReading } from "./server-reading"
import { type SubjectName } from "./targets"

/** A database to measure on. */
export interface Subject {
  readonly name: SubjectName
  /** The server's version. */
  readonly version: string
  readonly database: FreshDatabase
  /** What the subject spells in its own way. */
  readonly sql: SubjectSql
  /** Says what the server has spent so far, where it can be asked. */
  readonly readServer?: () => Promise<ServerReading>
  stop(): Promise<void>
}

/** Statements that differ. */
export interface SubjectSql {
  /** Selects so many rows of `id` and `email`, as {@link emailOf} makes them. */
  readonly series: (rows: number) => string
  /** The reference: the server's own statement that writes as many bytes to as many rows. */
  readonly reference: string
  /** Puts a table that was just filled in the state of one that has been there for a while. */
  readonly settle: readonly string[]
}

const sql: Record<SubjectName, SubjectSql> = {
  PostgreSQL: {
    series: (rows) =>
      "SELECT id, lpad(id::text, 12, '0') || '@example.org' AS email " +
      `FROM generate_series(1::bigint, ${rows}) AS id`,
    reference: "UPDATE patient SET email = repeat('x', 120)",
    settle: ["VACUUM (ANALYZE) patient", "CHECKPOINT"],
  },
  MariaDB: {
    series: (rows) =>
      `SELECT seq AS id, concat(lpad(seq, 12, '0'), '@example.org') AS email FROM seq_1_to_${rows}`,
    reference: "UPDATE patient SET email = repeat('x', 120)",
    settle: ["ANALYZE TABLE patient"],
  },
  SQLite: {
    series: (rows) =>
      `WITH RECURSIVE s(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM s WHERE id < ${rows}) ` +
      "SELECT id, printf('%012d@example.org', id) AS email FROM s",
    reference: "UPDATE patient SET email = printf('%.120c', 'x')",
    settle: [],
  },
}

/** Starts or finds a database, or says on stderr why it cannot be had. */
export async function startSubject(name: SubjectName): Promise<Subject | undefined> {
  const started = await starters[name]()
  if (!started) return undefined
  const { database, stop } = started
  const version = name === "SQLite" ? "sqlite_version()" : "version()"
  const [row] = await database.query(`SELECT ${version} AS version`)
  return {
    name,
    version: /\d[\w.]*/.exec(String(row?.version))?.[0] ?? "",
    database,
    sql: sql[name],
    ...(name === "PostgreSQL" ? { readServer: () => readServer(database) } : {}),
    async stop() {
      await database.drop()
      await stop()
    },
  }
}

type Started = { readonly database: FreshDatabase; readonly stop: () => Promise<void> } | undefined

const starters: Record<SubjectName, () => Promise<Started>> = {
  async PostgreSQL() {
    const server = await startPostgres({ prefer: "embedded", durable: true })
    return { database: await freshPostgres(server.url), stop: () => server.stop() }
  },

  async MariaDB() {
    const server = await startMariaDb()
    if ("skipped" in server) return undefined
    return { database: await freshMariaDb(server.url), stop: () => server.stop() }
  },

  SQLite: () => Promise.resolve({ database: freshSqlite(), stop: () => Promise.resolve() }),
}

/**
 * Writes what the present version stores into the folder of its release, once for each database, for
 * every later version to read: `npx tsx test/integration/releases/dump.ts`. DATABASE_URL and MYSQL_URL
 * name the servers, as for tests. What is there is never written again.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DataSource, type DataSourceOptions } from "typeorm"

import { version } from "../../../package.json"
import { encryptColumns } from "../../../src"
import { databaseNames, type DatabaseName } from "../../support/database-names"
import type { FreshDatabase } from "../../support/fresh-database"
import { freshMariaDb } from "../../support/mariadb/fresh-mariadb"
import { freshPostgres } from "../../support/postgres/fresh-postgres"
import { serverVariables, startServers, stopAll } from "../../support/servers"
import { freshSqlite } from "../../support/sqlite/fresh-sqlite"
import {
  entitiesOf,
  type ReleasePart,
  type ReleaseTable,
  type Ring,
  withinPart,
} from "./release-part"

interface Release {
  readonly parts: (database: DatabaseName) => readonly ReleasePart[]
}

const creators: Readonly<Record<DatabaseName, () => FreshDatabase | Promise<FreshDatabase>>> = {
  PostgreSQL: () => freshPostgres(process.env[serverVariables.postgresUrl] ?? ""),
  MariaDB: () => freshMariaDb(process.env[serverVariables.mariaDbUrl] ?? ""),
  SQLite: freshSqlite,
}

async function main(): Promise<void> {
  const folder = join(__dirname, version)
  const { parts } = (await import(join(folder, "parts.ts"))) as Release
  process.env.DATABASES ??= databaseNames.join(",")
  const servers = await startServers()
  try {
    for (const name of databaseNames) {
      const file = join(folder, `${name.toLowerCase()}.sql`)
      if (existsSync(file)) throw new Error(`${file} is there, and stays as it is.`)
      const lines = [
        `-- What typeorm-fernet ${version} stores, made by dump.ts. It stays as it is.`,
      ]
      const fresh = await creators[name]()
      try {
        for (const part of parts(name)) lines.push(...(await store(part, fresh, name)))
        lines.push(...(await dumped(parts(name), fresh, name)))
      } finally {
        await fresh.drop()
      }
      writeFileSync(file, `${lines.join("\n")}\n`)
      process.stdout.write(`${file}\n`)
    }
  } finally {
    await stopAll(servers)
  }
}

/** Has the release make its tables and write its rows; returns the statements that made the tables. */
async function store(
  part: ReleasePart,
  fresh: FreshDatabase,
  name: DatabaseName,
): Promise<readonly string[]> {
  const statements: string[] = []
  const run = async (sql: string): Promise<void> => {
    if (sql.includes("\n")) throw new Error("A statement of a dump is one line.")
    statements.push(sql)
    await fresh.query(sql)
  }
  await writing(part, fresh, "stored", async (source) => {
    for (const { schema } of source.entityMetadatas) {
      if (schema) await run(`CREATE SCHEMA ${fresh.escape(schema)}`)
    }
    const { upQueries } = await source.driver.createSchemaBuilder().log()
    for (const { query } of upQueries) await run(query)
    for (const table of part.tables) {
      if (table.inBulk) await adopt(source, table, fresh, name)
      else await save(source, table, table.rows)
    }
  })
  await writing(part, fresh, "older", async (source) => {
    for (const table of part.tables) await save(source, table, table.older ?? [])
  })
  return statements
}

async function writing(
  part: ReleasePart,
  fresh: FreshDatabase,
  ring: Ring,
  write: (source: DataSource) => Promise<void>,
): Promise<void> {
  const options = { ...fresh.connection, entities: entitiesOf(part) } as DataSourceOptions
  const source = await part.bind(new DataSource(options), ring).initialize()
  try {
    await withinPart(part, () => write(source))
  } finally {
    await source.destroy()
  }
}

async function save(
  source: DataSource,
  { entity }: ReleaseTable,
  rows: ReleaseTable["rows"],
): Promise<void> {
  const repository = source.getRepository(entity)
  await repository.save(rows.map((row) => repository.create(row)))
}

/** Writes rows in plaintext, as before there was a model with encryption, and encrypts them. */
async function adopt(
  source: DataSource,
  { entity, rows }: ReleaseTable,
  fresh: FreshDatabase,
  name: DatabaseName,
): Promise<void> {
  const { tablePath } = source.getMetadata(entity)
  for (const row of rows) {
    const columns = Object.keys(row).map((column) => fresh.escape(column))
    const cells = Object.values(row).map((cell) => literal(cell, name))
    const into = `${fresh.escape(tablePath)} (${columns.join(", ")})`
    await fresh.query(`INSERT INTO ${into} VALUES (${cells.join(", ")})`)
  }
  const { completed, failed } = await encryptColumns(source, entity)
  if (!completed || failed > 0) throw new Error(`${tablePath} was not encrypted.`)
}

async function dumped(
  parts: readonly ReleasePart[],
  fresh: FreshDatabase,
  name: DatabaseName,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const table of await tablesOf(parts, fresh)) {
    for (const row of await fresh.query(`SELECT * FROM ${table} ORDER BY id`)) {
      const columns = Object.keys(row).map((column) => fresh.escape(column))
      const cells = Object.values(row).map((cell) => literal(cell, name))
      lines.push(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${cells.join(", ")})`)
    }
  }
  return lines
}

/** The tables of all parts, each once, as statements name them. */
async function tablesOf(
  parts: readonly ReleasePart[],
  fresh: FreshDatabase,
): Promise<ReadonlySet<string>> {
  const tables: string[] = []
  for (const part of parts) {
    await writing(part, fresh, "stored", async (source) => {
      for (const { tablePath } of source.entityMetadatas) {
        tables.push(
          tablePath
            .split(".")
            .map((word) => fresh.escape(word))
            .join("."),
        )
      }
      return Promise.resolve()
    })
  }
  return new Set(tables)
}

function literal(cell: unknown, name: DatabaseName): string {
  if (cell === null) return "NULL"
  if (typeof cell === "number") return String(cell)
  const text = typeof cell === "string" ? cell : JSON.stringify(cell)
  const escaped = name === "MariaDB" ? text.replaceAll("\\", "\\\\") : text
  return `'${escaped.replaceAll("'", "''")}'`
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})

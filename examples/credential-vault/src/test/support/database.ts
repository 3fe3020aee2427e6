import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { chmod } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Client } from "pg"

import { startEmbeddedPostgres } from "../../database/embedded-postgres.js"
import { atEnd } from "./at-end.js"

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>
  /** All rows of all tables, as text, sessions and jobs included. */
  dump(): Promise<string>
}

let server: Promise<string> | undefined

/** The server that `DATABASE_URL` names, or one that ends with the test file. */
function serverUrl(): Promise<string> {
  server ??= process.env.DATABASE_URL ? Promise.resolve(process.env.DATABASE_URL) : startServer()
  return server
}

async function startServer(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "credential-vault-"))
  await chmod(folder, 0o755)
  const postgres = await startEmbeddedPostgres(folder, randomBytes(12).toString("hex"))
  atEnd(async () => {
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return postgres.url
}

/** Creates an empty database, which goes when the test file ends. */
export async function freshDatabase(): Promise<TestDatabase> {
  const base = await serverUrl()
  const name = `vault_${randomBytes(6).toString("hex")}`
  await once(base, `CREATE DATABASE ${name}`)
  const url = new URL(base)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  client.on("error", () => undefined)
  atEnd(async () => {
    await client.end()
    await once(base, `DROP DATABASE ${name} WITH (FORCE)`)
  })
  const query = async <Row>(sql: string, parameters: unknown[] = []) =>
    (await client.query(sql, parameters)).rows as Row[]
  return {
    url: url.href,
    query,
    dump: async () => {
      const tables = await query<{ name: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
      )
      const texts: string[] = []
      for (const { name: table } of tables) {
        const rows = await query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`)
        texts.push(...rows.map(({ row }) => `${table}: ${row}`))
      }
      return texts.join("\n")
    },
  }
}

async function once(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

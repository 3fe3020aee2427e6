import { randomBytes } from "node:crypto"
import { Client } from "pg"
import type { FreshDatabase, RawRow } from "../fresh-database"

/** Creates a PostgreSQL database of its own for a test file. */
export async function freshPostgres(serverUrl: string): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`
  await runOnce(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  return {
    connection: { type: "postgres", url: url.href },
    query: async (sql, parameters = []) => {
      const { rows } = await client.query<RawRow>(sql, [...parameters])
      return rows
    },
    escape: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
    clear: async () => {
      await client.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    },
    drop: async () => {
      await client.end()
      await runOnce(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function runOnce(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

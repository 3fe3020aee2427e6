import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { DataSource, type DataSourceOptions } from "typeorm"

/** A database that is empty, and how to be rid of it. */
export interface Database {
  readonly options: DataSourceOptions
  drop(): Promise<void>
}

/** Returns a database at `DATABASE_URL`, on PostgreSQL, or else an SQLite file. */
export async function freshDatabase(): Promise<Database> {
  const url = process.env.DATABASE_URL
  if (!url) {
    const database = join(mkdtempSync(join(tmpdir(), "audit-log-")), "audit.db")
    return { options: { type: "better-sqlite3", database }, drop: async () => undefined }
  }
  const server = await new DataSource({ type: "postgres", url }).initialize()
  const name = `audit_log_${process.pid}_${Date.now()}`
  await server.query(`CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = name
  return {
    options: { type: "postgres", url: own.href },
    async drop() {
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.destroy()
    },
  }
}

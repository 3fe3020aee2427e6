import { once } from "node:events"
import { createWriteStream } from "node:fs"
import { rename } from "node:fs/promises"
import { finished } from "node:stream/promises"

import { Client } from "pg"
import type { Keyring } from "typeorm-fernet"

import { BackupError, BackupLines, type Manifest, readBackup } from "./backup-file.js"

/** All tables, those first that others refer to. Sessions and jobs are not worth keeping. */
const tables = [
  "users",
  "provider_keys",
  "api_keys",
  "cameras",
  "alert_rules",
  "settings",
  "webhook_deliveries",
  "audit_logs",
  "key_versions",
  "rotations",
] as const

/** Where a backup is made of, or put back. */
export interface BackupPlace {
  /** The URL of the database. */
  readonly url: string
  /** The key of the backup; without one its lines are JSON, and only the encrypted cells are tokens. */
  readonly keyring: Keyring | undefined
  /** Of the keys of the data, the one that encrypts first. */
  readonly fingerprints: readonly string[]
}

/**
 * Writes all tables as they are at one moment into a file that only its owner reads. Cells stay the tokens
 * that they are, so that the file gives nothing away to who has the backup's key alone.
 */
export async function backup(place: BackupPlace, path: string): Promise<Pick<Manifest, "tables">> {
  const client = new Client({ connectionString: place.url })
  await client.connect()
  const beside = `${path}.new`
  const file = createWriteStream(beside, { mode: 0o600, flush: true })
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    const lines = new BackupLines(place.keyring)
    const write = async (line: string) => {
      if (!file.write(line)) await once(file, "drain")
    }
    const counts: Record<string, number> = {}
    for (const table of tables) {
      counts[table] = 0
      await client.query(
        `DECLARE backup CURSOR FOR SELECT to_jsonb(t)::text AS row FROM "${table}" t`,
      )
      for (;;) {
        const { rows } = await client.query<{ row: string }>("FETCH 1000 FROM backup")
        if (rows.length === 0) break
        for (const { row } of rows) await write(lines.row(table, row))
        counts[table] += rows.length
      }
      await client.query("CLOSE backup")
    }
    const facts = {
      made_at: new Date().toISOString(),
      tables: counts,
      key_fingerprints: place.fingerprints,
      migrations: await migrationsOf(client),
    }
    await write(lines.manifest(facts))
    file.end()
    await finished(file)
    await rename(beside, path)
    return facts
  } finally {
    file.destroy()
    await client.end()
  }
}

async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT name FROM migrations ORDER BY id")
  return rows.map(({ name }) => name)
}

/**
 * Puts a backup into a vault that has nothing yet. It is read to its end first, so that nothing is
 * written of one that is not whole; what is written is one transaction, and read again while it is.
 *
 * @throws {@link BackupError} if the backup is not whole, the keys of its cells are not at hand, its
 * tables are of another version, or there is something in the vault already
 */
export async function restore(place: BackupPlace, path: string): Promise<Manifest> {
  const client = new Client({ connectionString: place.url })
  await client.connect()
  try {
    const proven = await readBackup(path, place.keyring, () => undefined)
    await requireFitting(client, place, proven)
    await client.query("BEGIN")
    // Whoever starts the vault meanwhile waits
    await client.query(`LOCK TABLE ${tables.map((table) => `"${table}"`).join()} IN EXCLUSIVE MODE`)
    await requireEmpty(client)
    const manifest = await readBackup(path, place.keyring, async ({ table, row }) => {
      if (!tables.some((known) => known === table))
        throw new BackupError(`There is no table ${table}.`)
      const sql = `INSERT INTO "${table}" SELECT * FROM jsonb_populate_record(NULL::"${table}", $1::jsonb)`
      await client.query(sql, [row])
    })
    if (manifest.digest !== proven.digest) throw new BackupError("The file was changed meanwhile.")
    await client.query("COMMIT")
    return manifest
  } finally {
    // Which rolls back what was not committed
    await client.end()
  }
}

async function requireFitting(
  client: Client,
  place: BackupPlace,
  manifest: Manifest,
): Promise<void> {
  const missing = manifest.key_fingerprints.filter((one) => !place.fingerprints.includes(one))
  if (missing.length > 0) {
    throw new BackupError(
      `Its cells need keys that are not in ENCRYPTION_KEY: ${missing.join(", ")}.`,
    )
  }
  const migrations = await migrationsOf(client)
  if (migrations.join() !== manifest.migrations.join()) {
    throw new BackupError(
      "It is of another version of the vault. Restore it with that one, then update.",
    )
  }
}

/** But for the admin of a first start, who has nothing. */
async function requireEmpty(client: Client): Promise<void> {
  for (const table of tables.filter(
    (name) => !["audit_logs", "key_versions", "users"].includes(name),
  )) {
    const { rows } = await client.query(`SELECT FROM "${table}" LIMIT 1`)
    if (rows.length > 0) {
      throw new BackupError(`There are ${table} already. Restore into an empty database.`)
    }
  }
  await client.query("DELETE FROM audit_logs")
  await client.query("DELETE FROM key_versions")
  await client.query("DELETE FROM users")
}

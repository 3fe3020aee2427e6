import { DataSource } from "typeorm"
import { redactPaths, withEncryption } from "typeorm-fernet"

import type { KeyStore } from "../config/key-store.js"
import { dataSourceOptions, keyOptions } from "./data-source-options.js"
import { CreateTables1764000000000 } from "./migrations/1764000000000-create-tables.js"
import { seedFromBefore } from "./seed.js"

/** How much is stored in plaintext at the first start, to have something to encrypt. */
export interface Seeding {
  /** Rows of cameras; none, and nothing is seeded. */
  readonly cameras: number
}

/**
 * Brings the database to the state that the vault needs. Into one that is empty it puts credentials in
 * plaintext, as an application has them that did not encrypt yet, and encrypts them by the migration.
 *
 * @returns the paths of what the log is never to hold, from the model
 */
export async function prepareDatabase(
  url: string,
  keys: KeyStore,
  seeding: Seeding,
): Promise<string[]> {
  await createTables(url, seeding)
  const dataSource = withEncryption(new DataSource(dataSourceOptions(url)), keyOptions(keys))
  await dataSource.initialize()
  try {
    await dataSource.runMigrations()
    return redactPaths(dataSource)
  } finally {
    await dataSource.destroy()
  }
}

/** Without the entities, whose columns are not encrypted yet. */
async function createTables(url: string, { cameras }: Seeding): Promise<void> {
  const dataSource = new DataSource({
    ...dataSourceOptions(url),
    entities: [],
    migrations: [CreateTables1764000000000],
  })
  await dataSource.initialize()
  try {
    const created = await dataSource.runMigrations()
    if (created.length > 0 && cameras > 0) await seedFromBefore(dataSource, cameras)
  } finally {
    await dataSource.destroy()
  }
}

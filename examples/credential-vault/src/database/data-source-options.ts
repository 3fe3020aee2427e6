import type { DataSourceOptions } from "typeorm"
import { assertEncryption, type BeforeReveal, type EncryptionOptions } from "typeorm-fernet"

import type { KeyStore } from "../config/key-store.js"
import { entities } from "../entities/index.js"
import { CreateTables1764000000000 } from "./migrations/1764000000000-create-tables.js"
import { EncryptCredentials1764100000000 } from "./migrations/1764100000000-encrypt-credentials.js"

/** How the vault uses its database. */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: "postgres",
    url,
    entities,
    migrations: [CreateTables1764000000000, EncryptCredentials1764100000000],
    migrationsTransactionMode: "each",
    // Part of PostgreSQL itself since its version 13
    uuidExtension: "pgcrypto",
    installExtensions: false,
    applicationName: "credential-vault",
    poolSize: 20,
  }
}

// #region encryption
/**
 * How its columns are encrypted: each under keys of its own, which are fetched anew while it runs; and opened
 * only once that is on record.
 */
export function encryptionOptions(
  keys: KeyStore,
  refreshSeconds: number,
  beforeReveal: BeforeReveal,
): EncryptionOptions {
  return {
    ...keyOptions(keys),
    refreshKeys: { every: refreshSeconds },
    startupCheck: assertEncryption,
    beforeReveal,
  }
}
// #endregion

/** The keys of its columns, of which each has its own: all that migrations and commands need. */
export function keyOptions(
  keys: KeyStore,
): Required<Pick<EncryptionOptions, "columnKeys" | "keyring">> {
  return { keyring: () => keys.read(), columnKeys: "only" }
}

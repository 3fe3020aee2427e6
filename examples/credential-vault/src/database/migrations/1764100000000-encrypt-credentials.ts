// #region migration
import type { MigrationInterface, QueryRunner } from "typeorm"
import { decryptColumns, encryptColumns, type TableDescription } from "typeorm-fernet"

import { showProgress } from "../show-progress.js"

const text = { type: "text" }

/** By their names in the database, which outlive the entities. */
const tables: readonly TableDescription[] = [
  {
    table: "users",
    columns: {
      email: {
        blindIndex: { name: "email_bidx", unique: true, normalize: ["trim", "lowercase"] },
      },
    },
  },
  { table: "provider_keys", columns: { api_key: text } },
  { table: "api_keys", columns: { key: { blindIndex: { name: "key_bidx", unique: true } } } },
  { table: "cameras", columns: { password: text } },
  { table: "settings", columns: { api_key: text } },
]

/** Parts of documents, in a column that keeps its type and takes no constraint. */
const documents: readonly TableDescription[] = [
  {
    table: "alert_rules",
    columns: { definition: { type: "jsonb", codec: "json", paths: ["actions.*.headers.*"] } },
  },
]

/** Encrypts what was stored in plaintext. It may be killed, and goes on when the vault starts again. */
export class EncryptCredentials1764100000000 implements MigrationInterface {
  /** Each batch is a transaction of its own. */
  readonly transaction = false

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) {
      await encryptColumns(queryRunner, table, {
        alter: true,
        constrain: true,
        onProgress: showProgress("Encrypting"),
      })
    }
    for (const table of documents) {
      await encryptColumns(queryRunner, table, { onProgress: showProgress("Encrypting") })
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [...tables, ...documents]) {
      await decryptColumns(queryRunner, table, { onProgress: showProgress("Decrypting") })
    }
  }
}
// #endregion

import {
  Column,
  DataSource,
  type DataSourceOptions,
  Entity,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { ringKeys } from "../fernet/texts"

/** A document, as JSON. */
export interface Webhook {
  id: number
  config: unknown
}

/** What is compared: a document in plaintext, and one of which parts are encrypted. */
export const [plain, ours] = [
  "a plain jsonb column",
  "two encrypted parts of a jsonb column",
] as const

@Entity("plain_webhook")
class PlainWebhook implements Webhook {
  @PrimaryColumn("int") id!: number
  @Column("jsonb") config!: unknown
}

@Entity("encrypted_webhook")
class EncryptedWebhook implements Webhook {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn({ type: "jsonb", paths: ["headers.Authorization", "actions.*.token"] })
  config!: unknown
}

/** Returns a document of ten members, two of which are secret. */
export function webhook(id: number): Webhook {
  const hex = id.toString(16).padStart(32, "0")
  return {
    id,
    config: {
      ...{ kind: "http", url: `https://example.com/hooks/${id}`, retries: 3, active: true },
      headers: { Authorization: `Bearer ${hex}`, Accept: "*/*" },
      actions: [{ name: "notify", token: hex }],
      filters: { status: ["open", "late"], region: null },
    },
  }
}

/** Connects to the table of one of them: a bound DataSource for ours alone. */
export async function openDocuments(
  connection: DataSourceOptions,
  name: string,
): Promise<readonly [DataSource, Repository<Webhook>]> {
  const entity = name === ours ? EncryptedWebhook : PlainWebhook
  const unbound = new DataSource({ ...connection, entities: [entity] })
  const keyring = new Keyring([ringKeys[0] ?? ""])
  const source = name === ours ? withEncryption(unbound, { keyring }) : unbound
  await source.initialize()
  return [source, source.getRepository<Webhook>(entity)]
}

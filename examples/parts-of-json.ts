/** Secrets inside of a JSON document are encrypted, and the rest of it is queried as ever. */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import {
  decryptRaw,
  encryptColumns,
  EncryptedColumn,
  encryptFor,
  withEncryption,
} from "typeorm-fernet"

interface WebhookConfig {
  kind: string
  headers: Record<string, string>
  actions: { name: string; token: string | null }[]
}

// #region declare
@Entity()
class Webhook {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({
    type: "jsonb",
    codec: "json",
    paths: ["headers.Authorization", "actions.*.token"],
  })
  config!: WebhookConfig
}
// #endregion

class Keyed {
  // #region dots
  @EncryptedColumn({ codec: "json", paths: [String.raw`hosts.*.api\.key`, ["x.y", "secret"]] })
  settings!: unknown
  // #endregion
}

async function main(): Promise<void> {
  assert.ok(Keyed)
  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Webhook],
      synchronize: true,
    }),
  )
  await dataSource.initialize()
  const webhooks = dataSource.getRepository(Webhook)
  const config: WebhookConfig = {
    kind: "http",
    headers: { Authorization: "Bearer 6f1e", Accept: "*/*" },
    actions: [{ name: "notify", token: "c0de" }],
  }
  await webhooks.insert({ id: 1, config })

  // #region query
  const found = await webhooks
    .createQueryBuilder("webhook")
    .where("webhook.config ->> 'kind' = :kind", { kind: "http" })
    .getOneOrFail()
  const { Authorization } = found.config.headers // "Bearer 6f1e"
  // #endregion
  assert.equal(Authorization, "Bearer 6f1e")
  assert.deepEqual(found.config, config)
  assert.throws(() => {
    webhooks
      .createQueryBuilder("webhook")
      .where("webhook.config -> 'headers' ->> 'Authorization' = :secret", { secret: "x" })
      .getQuery()
  }, /Webhook\.config is encrypted/)

  // #region raw
  await dataSource.query("UPDATE webhook SET config = $1 WHERE id = $2", [
    encryptFor(dataSource, Webhook, "config", { ...config, kind: "mail" }),
    1,
  ])
  const rows: object[] = await dataSource.query("SELECT id, config FROM webhook")
  const webhook = decryptRaw(dataSource, Webhook, rows)[0]
  // #endregion
  assert.deepEqual(webhook, { id: 1, config: { ...config, kind: "mail" } })

  // #region existing
  await encryptColumns(dataSource, Webhook)
  // #endregion
  await dataSource.destroy()
}

void main()

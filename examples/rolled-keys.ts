/** A key is rolled in a secret manager while the application runs. */
import assert from "node:assert/strict"
import { subscribe } from "node:diagnostics_channel"
import { DataSource, type DataSourceOptions, Entity, PrimaryColumn } from "typeorm"
import {
  EncryptedColumn,
  generateKey,
  Keyring,
  type KeysReloadEvent,
  reloadKeys,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Camera {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn()
  password!: string
}

const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Camera],
  synchronize: true,
}

/** Stands for a secret manager. */
const secret = { keys: [generateKey()] }

function fetchKeys(): Promise<readonly string[]> {
  return Promise.resolve(secret.keys)
}

async function main(): Promise<void> {
  // #region rolled-keys
  const dataSource = withEncryption(new DataSource(options), {
    keyring: () => fetchKeys(),
    refreshKeys: { every: 300 },
  })
  // #endregion
  const events: KeysReloadEvent[] = []
  subscribe("typeorm-fernet:keys.reload", (event) => events.push(event as KeysReloadEvent))
  await dataSource.initialize()
  const cameras = dataSource.getRepository(Camera)
  await cameras.insert({ id: 1, password: "hunter2" })

  const [old = ""] = secret.keys
  const rolled = generateKey()
  secret.keys = [rolled, old]
  await reloadKeys(dataSource)
  assert.equal(events[0]?.waiting?.key, new Keyring([rolled]).fingerprints[0])

  await cameras.insert({ id: 2, password: "swordfish" })
  const cells: { password: string }[] = await dataSource.query("SELECT password FROM camera")
  assert.ok(cells.every(({ password }) => new Keyring([old]).decryptText(password)))

  // Another process, which has waited long enough
  const ahead = withEncryption(new DataSource(options), { keyring: new Keyring([rolled, old]) })
  await ahead.initialize()
  await ahead.manager.insert(Camera, { id: 3, password: "letmein" })
  assert.equal((await cameras.find()).length, 3)
  await ahead.destroy()
  await dataSource.destroy()
}

void main()

/** What to alert on: events of the application, and queries of a dashboard. */
import assert from "node:assert/strict"
import { subscribe } from "node:diagnostics_channel"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  Keyring,
  type KeysReloadEvent,
  onEvents,
  reloadKeys,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ blindIndex: true })
  ssn!: string
}

const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Patient],
  synchronize: true,
}

/** What was counted, by its name. */
const counted = new Map<string, number>()
function count(name: string, by = 1): void {
  counted.set(name, (counted.get(name) ?? 0) + by)
}

// #region events
subscribe("typeorm-fernet:keys.reload", (event) => {
  if ((event as KeysReloadEvent).error !== undefined) count("keys not fetched")
})
subscribe("typeorm-fernet:batch-engine.off", () => {
  count("batches one by one")
})
onEvents({
  decryptFailed: ({ failures }) => {
    for (const { column, reason, cells } of failures) count(`${column}: ${reason}`, cells)
  },
  plaintextRead: ({ columns }) => {
    for (const { column, plaintext } of columns) count(`${column}: plaintext read`, plaintext)
  },
  onError: () => {
    count("events not counted")
  },
})
// #endregion

/** The queries of operations.sql, by the name of their region. */
function queryNamed(name: string): string {
  const text = readFileSync(join(__dirname, "operations.sql"), "utf8")
  const [, query = ""] = new RegExp(`-- #region ${name}\\n([^;]*);`).exec(text) ?? []
  return query
}

/** Runs a query while a run has the table, and returns its rows. */
async function queryDuringRun(dataSource: DataSource, name: string): Promise<unknown> {
  let found: Promise<unknown> | undefined
  await encryptColumns(dataSource, Patient, {
    onProgress: () => {
      found ??= dataSource.query(queryNamed(name))
    },
  })
  return found
}

async function main(): Promise<void> {
  const [key = ""] = [process.env.ENCRYPTION_KEY]
  let answer: (() => Keyring) | undefined = () => new Keyring([key])
  const dataSource = withEncryption(new DataSource(options), {
    keyring: () => {
      if (!answer) throw new Error("The secret manager is away.")
      return answer()
    },
    plaintext: "allow",
    refreshKeys: { every: 300 },
  })
  await dataSource.initialize()
  const before = Math.floor(Date.now() / 1000) * 1000
  await dataSource.manager.save(Patient, { ssn: "078-05-1120" })
  await dataSource.query("INSERT INTO patient (ssn) VALUES ('219-09-9999')")
  await dataSource.manager.find(Patient)
  answer = undefined
  await reloadKeys(dataSource).catch(() => undefined)
  assert.deepEqual(Object.fromEntries(counted), {
    "Patient.ssn: plaintext read": 1,
    "keys not fetched": 1,
  })

  const ask = <Row>(name: string) => dataSource.query<Row[]>(queryNamed(name))
  assert.deepEqual(await ask("rows-left"), [{ rows_left: "1" }])
  assert.deepEqual(await ask("unindexed"), [{ unindexed: "1" }])
  const [dated] = await ask<{ oldest: Date }>("oldest")
  assert(dated && Number(dated.oldest) >= before && Number(dated.oldest) <= Date.now())
  assert.equal((await ask("size")).length, 1)
  assert.deepEqual(await ask("runs"), [])
  const runs = (await queryDuringRun(dataSource, "runs")) as readonly { readonly pid: number }[]
  assert.equal(runs.length, 1)
  assert.deepEqual(await ask("rows-left"), [{ rows_left: "0" }])

  // #region age
  const { oldest = {} } = await inspectColumns(dataSource, Patient)
  const ageInDays = Object.values(oldest["Patient.ssn"] ?? {}).map(
    (made) => (Date.now() - Date.parse(made)) / 86_400_000,
  )
  // #endregion
  assert(ageInDays.length === 1 && ageInDays.every((days) => days >= 0 && days < 1))
  await dataSource.destroy()
}

void main()

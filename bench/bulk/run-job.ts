import { DataSource, EntitySchema, type Repository } from "typeorm"

import {
  type BulkOptions,
  type BulkReport,
  encryptColumns,
  Keyring,
  rotateColumns,
} from "../../src"
import { benchKeys, emailOf, type Job, type Outcome } from "./job"
import { leaveProofOut } from "./unproven"

interface Patient {
  id: string
  email: string
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- TypeORM declares options as a class and takes plain objects
const Patients = new EntitySchema<Patient>({
  name: "patient",
  columns: { id: { type: "bigint", primary: true }, email: { type: "text" } },
})

const table = { table: "patient", columns: { email: {} } }
const [before, after] = benchKeys
const keyring = new Keyring([before])
const rotated = new Keyring([after, before])

process.once("message", (job: Job) => {
  void run(job).then((outcome) => process.send?.(outcome))
})

async function run({ task, connection, rows }: Job): Promise<Outcome> {
  const dataSource = await new DataSource({ ...connection, entities: [Patients] }).initialize()
  const started = performance.now()
  const cpu = process.cpuUsage()
  const bulk = (options: BulkOptions): BulkOptions => ({ keyring, audit: false, ...options })
  switch (task) {
    case "encrypt":
      requireChanged(await encryptColumns(dataSource, table, bulk({})), rows)
      break
    case "encrypt, unproven": {
      const unproven = leaveProofOut()
      requireChanged(await encryptColumns(dataSource, table, bulk({})), rows)
      if (unproven.batches === 0)
        throw new Error("The statement that proves a batch is another now.")
      break
    }
    case "encrypt, audited":
      requireChanged(await encryptColumns(dataSource, table, bulk({ audit: true })), rows)
      break
    case "rotate":
      requireChanged(await rotateColumns(dataSource, table, bulk({ keyring: rotated })), rows)
      break
    case "rotate, audited":
      requireChanged(
        await rotateColumns(dataSource, table, bulk({ keyring: rotated, audit: true })),
        rows,
      )
      break
    case "scan":
      requireChanged(await encryptColumns(dataSource, table, bulk({})), 0)
      break
    case "save":
      await saveEach(dataSource.getRepository(Patients), rows)
      break
    case "verify":
      await verify(dataSource, rows)
  }
  const { user, system } = process.cpuUsage(cpu)
  const outcome = {
    seconds: (performance.now() - started) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1024,
    cpuSeconds: (user + system) / 1e6,
  }
  await dataSource.destroy()
  return outcome
}

function requireChanged({ changed, failed, completed }: BulkReport, rows: number): void {
  if (completed && failed === 0 && changed === rows) return
  throw new Error(`${changed} rows were changed instead of ${rows}, and ${failed} cells failed.`)
}

/** What guides tell people to do: load a page, encrypt in the entity, save it. */
async function saveEach(patients: Repository<Patient>, rows: number): Promise<void> {
  const page = 1000
  for (let skip = 0; skip < rows; skip += page) {
    for (const patient of await patients.find({ order: { id: "ASC" }, skip, take: page })) {
      patient.email = keyring.encrypt(patient.email)
      await patients.save(patient)
    }
  }
}

/** Opens every cell and compares it with what was there. */
async function verify(dataSource: DataSource, rows: number): Promise<void> {
  const page = 20_000
  const quote = (name: string): string => dataSource.driver.escape(name)
  const columns = `${quote("id")} AS id, ${quote("email")} AS email`
  let seen = 0
  for (let last = 0; ; last += page) {
    const cells: readonly { id: string | number; email: string }[] = await dataSource.query(
      `SELECT ${columns} FROM patient WHERE id > ${last} AND id <= ${last + page}`,
    )
    if (cells.length === 0) break
    for (const { id, email } of cells) {
      if (rotated.decryptText(email) !== emailOf(Number(id))) throw new Error(`Row ${id} is wrong.`)
    }
    seen += cells.length
  }
  if (seen !== rows) throw new Error(`There are ${seen} rows instead of ${rows}.`)
}

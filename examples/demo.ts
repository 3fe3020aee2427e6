/**
 * Shows encrypted columns on a real PostgreSQL, and leaves nothing behind: `npm run demo`.
 *
 * The server is the one at DATABASE_URL, else one that starts for the demo from the binaries npm
 * installed.
 */
import type { DataSource } from "typeorm"

import { generateKey, Keyring } from "typeorm-fernet"
import { type DemoDatabase, type DemoKeys, openDatabase } from "./demo/open-database"
import { ada, Patient, tableName } from "./demo/patient"
import { asCell, asCode, printError, printStep, printTable } from "./demo/print"
import { showEncryption, showRotation } from "./demo/whole-tables"

async function main(): Promise<void> {
  const keys: DemoKeys = [generateKey()]
  console.log(`Key: generated for this run, fingerprint ${new Keyring(keys).fingerprints[0]}.`)
  console.log("     An application reads its keys from ENCRYPTION_KEY.")
  const { signal } = interruption
  const database = await openDatabase(keys)
  try {
    await show(database, keys, signal)
  } finally {
    await database.close()
  }
  console.log("\nThe tables are dropped; nothing is left behind.")
}

async function show(database: DemoDatabase, keys: DemoKeys, signal: AbortSignal): Promise<void> {
  const { dataSource } = database
  const steps = [
    () => showRow(dataSource),
    () => showSearch(database),
    () => showRefusedQuery(dataSource),
    () => showTamperedToken(dataSource),
    () => showEncryption(dataSource, signal),
    () => showRotation(dataSource, keys, signal),
  ]
  for (const step of steps) {
    signal.throwIfAborted()
    await step()
  }
}

async function showRow(dataSource: DataSource): Promise<void> {
  const patients = dataSource.getRepository(Patient)
  const { id } = await patients.save(patients.create(ada))
  const patient = await patients.findOneByOrFail({ id })
  const [row] = await rawRows(dataSource)

  await printStep("1. One patient, saved and loaded with TypeORM, beside its row in the database")
  const lines = Object.entries(patient).map(([property, value]) => [
    property,
    asCode(value),
    asCell(row?.[property]),
  ])
  printTable([["property", "in the application", "in the database"], ...lines])
}

async function showSearch({ dataSource, statements }: DemoDatabase): Promise<void> {
  await printStep('2. A search, by a blind index: patients.findOneBy({ email: "ada@example.COM" })')
  const found = await dataSource
    .getRepository(Patient)
    .findOneByOrFail({ email: "ada@example.COM" })
  const condition = statements.sql.slice(statements.sql.indexOf(" WHERE ") + 1)
  console.log(`  sent:   … ${condition}  ${asCode(statements.parameters)}`)
  console.log(`  found:  ${found.name}, ${found.email}`)
}

async function showRefusedQuery(dataSource: DataSource): Promise<void> {
  await printStep('3. One that ciphertext cannot answer: patients.findBy({ ssn: "078-05-1120" })')
  await printRejection(dataSource.getRepository(Patient).findBy({ ssn: ada.ssn }))
}

async function showTamperedToken(dataSource: DataSource): Promise<void> {
  const [row] = await rawRows(dataSource)
  const token = String(row?.ssn)
  const tampered = token.slice(0, 50) + (token[50] === "A" ? "B" : "A") + token.slice(51)
  await dataSource.query(`UPDATE ${tableName} SET ssn = '${tampered}'`)

  await printStep(
    "4. One character of the ssn's token changed in the database, then patients.find()",
  )
  await printRejection(dataSource.getRepository(Patient).find())
  await dataSource.query(`UPDATE ${tableName} SET ssn = '${token}'`)
}

async function printRejection(query: Promise<unknown>): Promise<void> {
  const error: unknown = await query.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) throw new Error("This should have been refused.")
  printError(error)
}

/** The rows as the database has them: `query()` bypasses the entities. */
async function rawRows(dataSource: DataSource): Promise<Record<string, unknown>[]> {
  return dataSource.query(`SELECT * FROM ${tableName}`)
}

const interruption = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interruption.abort(new Error(`The demo was interrupted by ${signal}.`))
  })
}

// Whoever closes the pipe early, as `head` does, must not keep the tables from being dropped
process.stdout.on("error", () => undefined)

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

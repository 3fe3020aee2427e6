/**
 * Shows encrypted columns on a real PostgreSQL, and leaves nothing behind: `npm run demo`.
 *
 * The server is the one at DATABASE_URL, else one that starts for the demo from the binaries npm
 * installed.
 */
import type { DataSource } from "typeorm"

import { Fernet, generateKey } from "typeorm-fernet"
import { openDatabase } from "./demo/open-database"
import { ada, Patient, tableName } from "./demo/patient"
import { asCell, asCode, printError, printStep, printTable } from "./demo/print"

async function main(): Promise<void> {
  const key = generateKey()
  console.log(`Key: generated for this run, fingerprint ${new Fernet(key).fingerprint}.`)
  console.log("     An application reads its key from ENCRYPTION_KEY.")
  const interrupted = untilInterrupted()
  const database = await openDatabase(key)
  try {
    await Promise.race([show(database.dataSource), interrupted])
  } finally {
    await database.close()
  }
  console.log("\nThe table is dropped; nothing is left behind.")
}

async function show(dataSource: DataSource): Promise<void> {
  await showRow(dataSource)
  await showRefusedQuery(dataSource)
  await showTamperedToken(dataSource)
}

async function showRow(dataSource: DataSource): Promise<void> {
  const patients = dataSource.getRepository(Patient)
  const { id } = await patients.save(patients.create(ada))
  const patient = await patients.findOneByOrFail({ id })
  const [row] = await rawRows(dataSource)

  printStep("1. One patient, saved and loaded with TypeORM, beside its row in the database")
  const lines = Object.entries(patient).map(([property, value]) => [
    property,
    asCode(value),
    asCell(row?.[property]),
  ])
  printTable([["property", "in the application", "in the database"], ...lines])
}

async function showRefusedQuery(dataSource: DataSource): Promise<void> {
  printStep('2. A query that ciphertext cannot answer: patients.findBy({ ssn: "078-05-1120" })')
  await printRejection(dataSource.getRepository(Patient).findBy({ ssn: ada.ssn }))
}

async function showTamperedToken(dataSource: DataSource): Promise<void> {
  const [row] = await rawRows(dataSource)
  const token = String(row?.ssn)
  const tampered = token.slice(0, 50) + (token[50] === "A" ? "B" : "A") + token.slice(51)
  await dataSource.query(`UPDATE ${tableName} SET ssn = '${tampered}'`)

  printStep("3. One character of the ssn's token changed in the database, then patients.find()")
  await printRejection(dataSource.getRepository(Patient).find())
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

function untilInterrupted(): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        reject(new Error(`The demo was interrupted by ${signal}.`))
      })
    }
  })
  // It may come while the database opens, when nothing listens yet
  interrupted.catch(() => undefined)
  return interrupted
}

// Whoever closes the pipe early, as `head` does, must not keep the table from being dropped
process.stdout.on("error", () => undefined)

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

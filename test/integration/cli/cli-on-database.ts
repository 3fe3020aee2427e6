import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"

import { marker, runCli, startCli, type Outcome, type RunningCli } from "../../cli/run-cli"
import type { TestDatabase } from "../../support/databases"
import { keys } from "../../support/keys"

/** Starts commands on a test database, with the TypeORM under test. */
export interface CliOnDatabase {
  /** For files that a test makes. */
  readonly directory: string
  readonly run: (command: string, ...args: readonly string[]) => Promise<Outcome>
  readonly start: (command: string, ...args: readonly string[]) => Promise<RunningCli>
  readonly close: () => void
}

/** Prepares to run commands on a database, with its tables in `data-source.ts`. */
export function cliOn(db: TestDatabase): CliOnDatabase {
  const directory = mkdtempSync(join(__dirname, "generated-"))
  const environment = (): NodeJS.ProcessEnv => ({
    DATABASE: JSON.stringify(db.options()),
    ENCRYPTION_KEY: keys.first,
  })
  const source = ["-d", "test/integration/cli/data-source.js"]
  return {
    directory,
    run: (command, ...args) => runCli([command, ...source, ...args], environment()),
    start: (command, ...args) => startCli([command, ...source, ...args], environment()),
    close() {
      rmSync(directory, { recursive: true })
    },
  }
}

/** Creates the table with so many customers, each with a phone number in plaintext. */
export async function createCustomers(
  db: TestDatabase,
  count: number,
  phoneType = "text",
): Promise<void> {
  await db.dropAllTables()
  await db.rawRows(
    `CREATE TABLE customer (id int PRIMARY KEY, phone ${phoneType} NOT NULL, credit text, ` +
      "phone_bidx varchar(64))",
  )
  for (let first = 1; first <= count; first += 1000) {
    const ids = Array.from({ length: Math.min(1000, count - first + 1) }, (_, i) => first + i)
    const rows = ids.map((id) => `(${id}, '${marker} ${id}', NULL)`)
    await db.rawRows(`INSERT INTO customer (id, phone, credit) VALUES ${rows.join(", ")}`)
  }
}

/** Counts the phone numbers that are in their blind index. */
export async function indexedPhones(db: TestDatabase): Promise<number> {
  const [row] = await db.rawRows("SELECT count(phone_bidx) AS total FROM customer")
  return Number(row?.total)
}

/** Counts the phone numbers that are tokens. */
export async function encryptedPhones(db: TestDatabase): Promise<number> {
  const sql = "SELECT count(*) AS total FROM customer WHERE phone LIKE 'gAAAAA%'"
  const [row] = await db.rawRows(sql)
  return Number(row?.total)
}

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals"
import type { DataSource, MigrationInterface } from "typeorm"

import { withEncryption } from "../../../src"
import { marker } from "../../cli/run-cli"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import {
  cliOn,
  type CliOnDatabase,
  createCustomers,
  encryptedPhones,
  indexedPhones,
} from "./cli-on-database"

type MigrationClass = new () => MigrationInterface

const customers = 1500

eachDatabase("a migration made by migration:create", (db) => {
  let cli: CliOnDatabase
  let timestamp = 1767225600000

  beforeAll(() => {
    cli = cliOn(db)
  })

  afterAll(() => {
    cli.close()
  })

  beforeEach(async () => {
    await createCustomers(db, customers, db.name === "SQLite" ? "text" : "varchar(20)")
  })

  /** Makes the file and imports it, with the sources of this repository for the package. */
  async function createMigration(...args: readonly string[]): Promise<MigrationClass> {
    const path = join(cli.directory, "encrypt-customers")
    const { stdout } = await cli.run("migration:create", path, "-t", `${++timestamp}`, ...args)
    const file = stdout.trimEnd()
    const sources = join(__dirname, "..", "..", "..", "src")
    const text = readFileSync(file, "utf8").replace('"typeorm-fernet"', JSON.stringify(sources))
    writeFileSync(file, text)
    const exported: unknown = jest.requireActual(file)
    if (typeof exported === "function") return exported as MigrationClass
    const [migration] = Object.values(exported as Record<string, MigrationClass>)
    if (migration) return migration
    throw new Error(`${file} exports nothing.`)
  }

  async function phone(): Promise<unknown> {
    const [row] = await db.rawRows("SELECT phone FROM customer WHERE id = 1")
    return row?.phone
  }

  function connect(migration: MigrationClass): Promise<DataSource> {
    return db.connect({ migrations: [migration] }, (source) => withEncryption(source, { keyring }))
  }

  test.each(["all", "each", "none"] as const)(
    "runs up, down and up with transaction: %s",
    async (transaction) => {
      const dataSource = await connect(await createMigration())

      await dataSource.runMigrations({ transaction })
      expect(await encryptedPhones(db)).toBe(customers)
      expect(await indexedPhones(db)).toBe(customers)
      await dataSource.undoLastMigration({ transaction })
      expect(await phone()).toBe(`${marker} 1`)
      expect(await encryptedPhones(db)).toBe(0)
      expect(await indexedPhones(db)).toBe(0)
      await dataSource.runMigrations({ transaction })
      expect(await encryptedPhones(db)).toBe(customers)
    },
  )

  test("runs as JavaScript", async () => {
    const dataSource = await connect(await createMigration("--outputJs"))

    await dataSource.runMigrations()

    expect(await encryptedPhones(db)).toBe(customers)
  })

  test("is not made where nothing is plaintext, unless its entity is named", async () => {
    await db.rawRows("DELETE FROM customer")
    const path = join(cli.directory, "nothing")

    const refused = await cli.run("migration:create", path)
    const named = await cli.run("migration:create", path, "--entity", "Customer")

    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain("holds plaintext")
    expect(named.code).toBe(0)
  })
})

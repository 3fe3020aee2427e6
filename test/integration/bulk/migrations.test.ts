import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource, MigrationInterface, QueryRunner } from "typeorm"

import { decryptColumns, encryptColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"
import { createPatients, patients, patientSsns } from "./patients"

const options = { keyring, batchSize: 2 } as const

class EncryptPatients1700000000001 implements MigrationInterface {
  name = "EncryptPatients1700000000001"

  async up(runner: QueryRunner): Promise<void> {
    await encryptColumns(runner, patients, options)
  }

  async down(runner: QueryRunner): Promise<void> {
    await decryptColumns(runner, patients, options)
  }
}

class Failing1700000000002 implements MigrationInterface {
  name = "Failing1700000000002"

  up(): Promise<void> {
    return Promise.reject(new Error("on purpose"))
  }

  down(): Promise<void> {
    return Promise.resolve()
  }
}

eachDatabase("a migration", (db) => {
  const plain = ["1", "2", "3", "4", "5"]

  beforeEach(async () => {
    await createPatients(
      db,
      plain.map((ssn) => [ssn, null]),
    )
  })

  const connect = (...migrations: (new () => MigrationInterface)[]): Promise<DataSource> =>
    db.connect({ migrations, logging: false })

  test.each(["all", "each", "none"] as const)(
    "encrypts, decrypts and encrypts again with transaction: %s",
    async (transaction) => {
      const source = await connect(EncryptPatients1700000000001)

      await source.runMigrations({ transaction })
      const up = await patientSsns(db)
      await source.undoLastMigration({ transaction })
      const down = await patientSsns(db)
      await source.runMigrations({ transaction })

      expect(up.map(open)).toEqual(plain)
      expect(down).toEqual(plain)
      expect((await patientSsns(db)).map(open)).toEqual(plain)
    },
  )

  test("runs when the application starts", async () => {
    await db.connect({ migrations: [EncryptPatients1700000000001], migrationsRun: true })

    expect((await patientSsns(db)).map(open)).toEqual(plain)
  })

  test("that fails later in its transaction leaves everything as it was", async () => {
    const source = await connect(EncryptPatients1700000000001, Failing1700000000002)

    await expect(source.runMigrations({ transaction: "all" })).rejects.toThrow("on purpose")

    expect(await patientSsns(db)).toEqual(plain)
  })

  test("that fails leaves the table free for a next run", async () => {
    const source = await connect(EncryptPatients1700000000001, Failing1700000000002)
    await expect(source.runMigrations({ transaction: "all" })).rejects.toThrow("on purpose")

    const report = await encryptColumns(await db.connect(), patients, options)

    expect(report.changed).toBe(plain.length)
  })

  test("leaves the transaction to its owner", async () => {
    const runner = (await connect()).createQueryRunner()
    await runner.startTransaction()

    await encryptColumns(runner, patients, options)

    expect(runner.isTransactionActive).toBe(true)
    await runner.rollbackTransaction()
    await runner.release()
    expect(await patientSsns(db)).toEqual(plain)
  })

  if (db.name === "SQLite") return

  test("sees what others committed after its transaction began", async () => {
    const runner = (await connect()).createQueryRunner()
    await runner.startTransaction("REPEATABLE READ")
    await runner.query("SELECT count(*) FROM patient")
    await db.rawRows("UPDATE patient SET ssn = 'late' WHERE id = 3")

    const run = encryptColumns(runner, patients, options)
    const isRefused = await run.then(
      () => false,
      (error: unknown) => (error as { driverCode?: unknown }).driverCode === "40001",
    )
    await (isRefused ? runner.rollbackTransaction() : runner.commitTransaction())
    await runner.release()

    // PostgreSQL refuses a write to what changed meanwhile; MariaDB is asked for the latest
    expect(isRefused).toBe(db.name === "PostgreSQL")
    const cells = await patientSsns(db)
    expect(isRefused ? cells : cells.map(open)).toEqual(["1", "2", "late", "4", "5"])
  })

  test("that leaves cells behind fails, and names the first", async () => {
    class EncryptNumbers1700000000003 implements MigrationInterface {
      name = "EncryptNumbers1700000000003"

      async up(runner: QueryRunner): Promise<void> {
        const columns = { ssn: { codec: "number" } } as const
        await encryptColumns(runner, { ...patients, columns }, options)
      }

      down(): Promise<void> {
        return Promise.resolve()
      }
    }
    await createPatients(db, [
      ["1", null],
      ["none", null],
    ])
    const source = await connect(EncryptNumbers1700000000003)

    await expect(source.runMigrations()).rejects.toMatchObject({
      code: "ERR_BULK_INCOMPLETE",
      message: expect.stringMatching(/^1 cells of .* in row 2: .* is left in plaintext/) as unknown,
    })
    expect(await patientSsns(db)).toEqual(["1", "none"])
  })
})

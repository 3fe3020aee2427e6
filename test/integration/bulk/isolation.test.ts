import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, inspectColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"
import { patients, patientSsns } from "./patients"
import { createValues } from "./processes"

const settings = {
  PostgreSQL: "SELECT current_setting('lock_timeout') AS setting, 0 AS locks",
  MariaDB: "SELECT concat(@@innodb_lock_wait_timeout, @@autocommit) AS setting",
  SQLite: "PRAGMA busy_timeout",
} as const

eachDatabase("a bulk command", (db) => {
  let source: DataSource

  beforeEach(async () => {
    await createValues(db, 100)
    source = await db.connect({ poolSize: 2 })
  })

  /** Asks for a setting on every connection of the pool. */
  async function settingsOf(asked: DataSource): Promise<unknown> {
    const runners = [asked.createQueryRunner(), asked.createQueryRunner()]
    const answers = await Promise.all(runners.map((one) => one.query(settings[db.name])))
    await Promise.all(runners.map((one) => one.release()))
    return answers
  }

  test("gives connections back as they were", async () => {
    const before = await settingsOf(source)

    await encryptColumns(source, patients, { keyring, batchSize: 10, lockTimeoutMs: 3_000 })

    expect(await settingsOf(source)).toEqual(before)
  })

  test("gives connections back as they were after an error", async () => {
    const before = await settingsOf(source)

    const failing = encryptColumns(source, patients, {
      keyring,
      where: "t.nowhere = 1",
      lockTimeoutMs: 3_000,
    })

    await expect(failing).rejects.toThrow()
    expect(await settingsOf(source)).toEqual(before)
  })

  test("does with fewer connections than it asks for", async () => {
    const narrow = await db.connect({ poolSize: 1 })

    const report = await encryptColumns(narrow, patients, { keyring, batchSize: 10 })

    expect(report).toMatchObject({ completed: true, changed: 100 })
    await expect(narrow.query("SELECT 1")).resolves.toHaveLength(1)
  })

  test("runs beside another on a pool that is too small for both", async () => {
    const reports = await Promise.all(
      [1, 2].map(() => inspectColumns(source, patients, { keyring, batchSize: 10 })),
    )

    expect(reports.map(({ completed }) => completed)).toEqual([true, true])
  })

  test("leaves the table free for a next run, also after an error", async () => {
    const refused = encryptColumns(source, patients, { keyring, where: "t.nowhere = 1" })
    await expect(refused).rejects.toThrow()

    const report = await encryptColumns(await db.connect(), patients, { keyring })

    expect(report.changed).toBe(100)
  })

  if (db.name === "SQLite") return

  test("is refused while another has the table, whatever it is called there", async () => {
    const [{ name } = {}] = await db.rawRows(
      `SELECT ${db.name === "PostgreSQL" ? "current_schema()" : "database()"} AS name`,
    )
    const qualified = { ...patients, table: `${String(name)}.patient` }
    const other = await db.connect()
    const controller = new AbortController()
    let running: Promise<unknown> | undefined
    const begun = new Promise<void>((resolve) => {
      const options = { keyring, batchSize: 10, pauseMs: 30_000, signal: controller.signal }
      running = encryptColumns(source, patients, {
        ...options,
        onProgress: () => {
          resolve()
        },
      })
    })
    await begun

    const refused = encryptColumns(other, qualified, { keyring })

    await expect(refused).rejects.toMatchObject({
      code: "ERR_ALREADY_RUNNING",
      message: expect.stringContaining("Another run is at work on") as unknown,
    })
    controller.abort()
    await running
  })

  test("goes on beside the lock of an application, and encrypts what it wrote", async () => {
    const application = (await db.connect()).createQueryRunner()
    await application.startTransaction()
    await application.query("UPDATE patient SET ssn = 'late' WHERE id = 50")
    let committed: Promise<void> | undefined

    const report = await encryptColumns(source, patients, {
      ...{ keyring, batchSize: 10, lockTimeoutMs: 50 },
      onProgress({ phase }) {
        // The row was met and left for later
        if (phase === "audit") committed ??= application.commitTransaction()
      },
    })

    expect(report).toMatchObject({ completed: true, failed: 0 })
    expect((await patientSsns(db)).map(open)[49]).toBe("late")
    await committed
    await application.release()
  })

  test("notes rows that a trigger keeps as they are, and ends", async () => {
    await keepRow(7)

    const report = await encryptColumns(source, patients, { keyring, batchSize: 10 })

    expect(report).toMatchObject({ completed: true, failed: 1 })
    expect(report.failures).toMatchObject([{ key: ["7"], column: "patient.ssn" }])
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 1, current: 99 })
    expect((await patientSsns(db))[6]).toBe("value 7")
  })

  test("changes nothing where a trigger would change the tokens", async () => {
    await lowerCase()
    const before = await patientSsns(db)

    await expect(encryptColumns(source, patients, { keyring })).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringContaining(
        "A trigger changes what is written to patient.ssn",
      ) as unknown,
    })

    expect(await patientSsns(db)).toEqual(before)
  })

  async function lowerCase(): Promise<void> {
    if (db.name === "PostgreSQL") {
      await db.rawRows(
        "CREATE FUNCTION low() RETURNS trigger LANGUAGE plpgsql AS " +
          "'BEGIN NEW.ssn = lower(NEW.ssn); RETURN NEW; END'",
      )
    }
    const body =
      db.name === "PostgreSQL" ? "EXECUTE FUNCTION low()" : "SET NEW.ssn = lower(NEW.ssn)"
    await db.rawRows(`CREATE TRIGGER low BEFORE UPDATE ON patient FOR EACH ROW ${body}`)
  }

  async function keepRow(id: number): Promise<void> {
    if (db.name === "PostgreSQL") {
      await db.rawRows(
        "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS " +
          `'BEGIN IF OLD.id = ${id} THEN RETURN NULL; END IF; RETURN NEW; END'`,
      )
      await db.rawRows(
        "CREATE TRIGGER keep BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION keep()",
      )
    } else {
      await db.rawRows(
        "CREATE TRIGGER keep BEFORE UPDATE ON patient FOR EACH ROW " +
          `SET NEW.ssn = IF(OLD.id = ${id}, OLD.ssn, NEW.ssn)`,
      )
    }
  }

  test("decrypts in a transaction of the caller's, and is rolled back with it", async () => {
    await encryptColumns(source, patients, { keyring })
    const before = await patientSsns(db)
    const runner = source.createQueryRunner()
    await runner.startTransaction()

    await decryptColumns(runner, patients, { keyring, batchSize: 10 })
    await runner.rollbackTransaction()

    expect(await patientSsns(db)).toEqual(before)
    await runner.release()
  })
})

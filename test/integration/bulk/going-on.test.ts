import { randomBytes } from "node:crypto"

import { beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource, DataSourceOptions } from "typeorm"

import { decryptColumns, encryptColumns } from "../../../src"
import { eachDatabase, type ExtraOptions } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"
import { type Cell, createPatients, patients, patientSsns } from "./patients"
import { createValues } from "./processes"

const isToken = (cell: unknown): boolean => String(cell).startsWith("gAAAAA")
const valueOf = (id: number): string => `value ${id}`

eachDatabase("a row that the database refuses", (db) => {
  let source: DataSource

  beforeEach(async () => {
    source = await db.connect()
  })

  async function fill(cellOf: (id: number) => Cell): Promise<void> {
    await createPatients(
      db,
      Array.from({ length: 40 }, (_, i) => [cellOf(i + 1), null]),
    )
  }

  /** Refuses a token in two rows, and in no other. */
  async function refuseRows(): Promise<void> {
    if (db.name === "SQLite") {
      await db.rawRows(
        "CREATE TRIGGER refuse BEFORE UPDATE ON patient WHEN new.id IN (7, 23) " +
          "BEGIN SELECT RAISE(ABORT, 'no'); END",
      )
    } else {
      await db.rawRows(
        "ALTER TABLE patient ADD CONSTRAINT stays CHECK (id NOT IN (7, 23) OR length(ssn) < 30)",
      )
    }
  }

  const others = (cells: readonly Cell[]): readonly Cell[] =>
    cells.filter((_, i) => ![7, 23].includes(i + 1))

  test.each([1, 5, 5000])(
    "is listed by its key, and all others are encrypted, in batches of %s",
    async (batchSize) => {
      await fill(valueOf)
      await refuseRows()

      const report = await encryptColumns(source, patients, { keyring, batchSize })

      expect(report).toMatchObject({ completed: true, changed: 38, raced: 0, failed: 2 })
      // Batches are done side by side
      expect(report.failures.map(({ key: [id] }) => Number(id)).sort((a, b) => a - b)).toEqual([
        7, 23,
      ])
      expect(report.failures[0]?.problem).toMatch(
        /^patient.ssn is left as it was: the database refuses its row\. A statement failed with /,
      )
      expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 2, current: 38 })
      const cells = await patientSsns(db)
      expect([cells[6], cells[22]]).toEqual([valueOf(7), valueOf(23)])
      expect(others(cells).every(isToken)).toBe(true)
    },
  )

  test("is listed without the audit as well", async () => {
    await fill(valueOf)
    await refuseRows()

    const report = await encryptColumns(source, patients, { keyring, audit: false })

    expect(report.failures.map(({ key }) => key)).toEqual([["7"], ["23"]])
  })

  test("ends a migration, whose transaction stays open, when all others are done", async () => {
    await fill(valueOf)
    await refuseRows()
    const runner = source.createQueryRunner()
    await runner.startTransaction()

    const running = encryptColumns(runner, patients, { keyring, batchSize: 5 })

    await expect(running).rejects.toMatchObject({
      code: "ERR_BULK_INCOMPLETE",
      message: expect.stringMatching(/^2 cells of patient .* 7: patient.ssn is left/) as unknown,
    })
    await runner.commitTransaction()
    await runner.release()
    expect(others(await patientSsns(db)).every(isToken)).toBe(true)
  })

  if (db.name === "SQLite") return

  test("for a text that its encoding lacks stays encrypted, and others are decrypted", async () => {
    await fill((id) => keyring.encrypt(id === 7 ? "漢" : valueOf(id)))
    if (db.name === "PostgreSQL") {
      await db.rawRows(
        "ALTER TABLE patient ADD CONSTRAINT latin CHECK (convert_to(ssn, 'LATIN1') IS NOT NULL)",
      )
    } else {
      await db.rawRows("ALTER TABLE patient MODIFY ssn longtext CHARACTER SET latin1")
    }

    const report = await decryptColumns(source, patients, { keyring })

    expect(report).toMatchObject({ completed: true, changed: 39, failed: 1 })
    expect(report.failures).toMatchObject([{ key: ["7"], column: "patient.ssn" }])
    const cells = await patientSsns(db)
    expect(open(cells[6])).toBe("漢")
    expect(cells.filter((_, i) => i !== 6)).toEqual(
      Array.from({ length: 40 }, (_, i) => valueOf(i + 1)).filter((_, i) => i !== 6),
    )
  })

  if (db.name === "PostgreSQL") {
    test("for bytes that are no text is named with its column, and not with the bytes", async () => {
      await fill(valueOf)
      await db.rawRows(
        "CREATE OR REPLACE FUNCTION garble() RETURNS trigger LANGUAGE plpgsql AS " +
          "$$ BEGIN PERFORM convert_from('\\xdeadbeef', 'UTF8'); RETURN NEW; END $$",
      )
      await db.rawRows(
        "CREATE TRIGGER garbles BEFORE UPDATE ON patient FOR EACH ROW WHEN (NEW.id = 7) EXECUTE FUNCTION garble()",
      )

      const report = await encryptColumns(source, patients, { keyring })

      expect(report).toMatchObject({ changed: 39, failed: 1 })
      const [failure] = report.failures
      expect(failure).toMatchObject({ key: ["7"], column: "patient.ssn" })
      expect(failure?.problem).toMatch(/^patient\.ssn is left as it was: .*22021/)
      expect(failure?.problem).not.toMatch(/xde|dead/)
    })

    test("for an index entry that would be too large stays in plaintext", async () => {
      await fill((id) => (id === 7 ? "x".repeat(5_000) : valueOf(id)))
      await db.rawRows("CREATE INDEX by_ssn ON patient (ssn)")

      const report = await encryptColumns(source, patients, { keyring })

      expect(report).toMatchObject({ completed: true, changed: 39, failed: 1 })
      expect(report.failures[0]).toMatchObject({ key: ["7"] })
      expect(report.failures[0]?.problem).toContain("54000")
    })
  }
})

eachDatabase("rows that others keep locked", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite has no locks on rows)", () => undefined)
    return
  }

  test.each([false, true])(
    "are listed, and all others of their batches are encrypted; in a unique index: %s",
    async (isUnique) => {
      const rows = 600
      const isLocked = (id: number): boolean => id % 20 === 0
      await createValues(db, rows)
      if (isUnique) await db.rawRows("ALTER TABLE patient ADD ssn_bidx varchar(64) UNIQUE")
      const target = isUnique
        ? { table: "patient", columns: { ssn: { blindIndex: { unique: true } } } }
        : patients
      const application = (await db.connect()).createQueryRunner()
      await application.startTransaction()
      const ids = Array.from({ length: rows }, (_, i) => i + 1).filter(isLocked)
      // By their keys, or MariaDB would lock what it looks at
      await application.query(`SELECT id FROM patient WHERE id IN (${ids.join()}) FOR UPDATE`)

      const report = await encryptColumns(await db.connect(), target, {
        ...{ keyring, batchSize: 200, lockTimeoutMs: 20 },
      })

      await application.rollbackTransaction()
      await application.release()
      const cells = await patientSsns(db)
      expect(cells.filter(isToken)).toHaveLength(rows - rows / 20)
      expect(cells.every((cell, i) => isToken(cell) !== isLocked(i + 1))).toBe(true)
      const failed = new Set(report.failures.map(({ key: [id] }) => Number(id)))
      expect(failed).toEqual(new Set(ids))
      expect(report.failures[0]?.problem).toContain("others kept a lock on its row")
    },
    120_000,
  )
})

eachDatabase("a run among others", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite has one connection)", () => undefined)
    return
  }

  test("leaves the application a connection of the pool", async () => {
    await createValues(db, 100)
    const source = await db.connect({ poolSize: 3 })
    const controller = new AbortController()
    let answer: Promise<unknown> | undefined

    await encryptColumns(source, patients, {
      ...{ keyring, batchSize: 10, pauseMs: 600_000, signal: controller.signal },
      onProgress: () => {
        answer ??= source.query("SELECT 1 AS one").finally(() => {
          controller.abort()
        })
      },
    })

    // MySQL's driver gives large numbers, as it counts them, as text
    expect(await answer).toHaveLength(1)
  })

  describe("as an account with few connections", () => {
    const account = `few_${randomBytes(6).toString("hex")}`

    test("makes do with these", async () => {
      await createValues(db, 100)
      const { url: given = "" } = db.options() as { url?: string }
      const url = new URL(given)
      if (db.name === "PostgreSQL") {
        await db.rawRows(`CREATE ROLE ${account} SUPERUSER LOGIN CONNECTION LIMIT 0`)
        await db.rawRows(`ALTER ROLE ${account} NOSUPERUSER CONNECTION LIMIT 2`)
        await db.rawRows(`GRANT USAGE ON SCHEMA public TO ${account}`)
        await db.rawRows(`GRANT SELECT, UPDATE ON patient TO ${account}`)
      } else {
        await db.rawRows(
          `CREATE USER ${account}@'%' IDENTIFIED BY '${account}' WITH MAX_USER_CONNECTIONS 2`,
        )
        await db.rawRows(`GRANT ALL ON ${url.pathname.slice(1)}.* TO ${account}@'%'`)
        url.password = account
      }
      url.username = account
      const source = await db.connect({ url: url.href } as ExtraOptions & DataSourceOptions)

      const report = await encryptColumns(source, patients, {
        ...{ keyring, batchSize: 10, concurrency: 8 },
      })

      expect(report).toMatchObject({ completed: true, changed: 100, failed: 0 })
      await source.destroy()
      await db.rawRows(
        db.name === "PostgreSQL" ? `DROP OWNED BY ${account}` : `DROP USER ${account}@'%'`,
      )
      if (db.name === "PostgreSQL") await db.rawRows(`DROP ROLE ${account}`)
    })
  })

  test("whose sessions may not rest for long rests all the same", async () => {
    await createValues(db, 30)
    const limits = {
      PostgreSQL:
        "-c statement_timeout=30000 -c idle_session_timeout=40 -c idle_in_transaction_session_timeout=40",
      MariaDB: "",
      SQLite: "",
    }[db.name]
    const source = await db.connect(limits === "" ? {} : { extra: { options: limits } })

    const report = await encryptColumns(source, patients, {
      ...{ keyring, batchSize: 10, concurrency: 1, pauseMs: 200 },
    })

    expect(report).toMatchObject({ completed: true, changed: 30, failed: 0 })
  })
})

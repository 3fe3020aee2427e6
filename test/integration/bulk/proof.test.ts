import { beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource, QueryRunner } from "typeorm"

import { encryptColumns, type TableDescription } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"
import { createPatients, patients, patientSsns } from "./patients"

const valueOf = (id: number): string => `value ${id}`

/** What a cell says, encrypted or not. A token that was altered does not open. */
const valueIn = (cell: string | null): unknown => (cell?.startsWith("gAAAAA") ? open(cell) : cell)

eachDatabase("a table that stores something else than was written", (db) => {
  let source: DataSource

  beforeEach(async () => {
    await createPatients(
      db,
      Array.from({ length: 30 }, (_, i) => [valueOf(i + 1), null]),
    )
    source = await db.connect()
  })

  /** Encrypts in small batches, which must end at row 17 with nothing lost. */
  async function expectRefused(): Promise<void> {
    const running = encryptColumns(source, patients, { keyring, batchSize: 5, concurrency: 1 })

    await expect(running).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringMatching(/A trigger changes what .* as in row 17,/) as unknown,
    })
    const cells = await patientSsns(db)
    expect(cells.map(valueIn)).toEqual(cells.map((_, i) => valueOf(i + 1)))
    expect(cells.slice(15)).toEqual(cells.slice(15).map((_, i) => valueOf(i + 16)))
  }

  async function createTrigger(
    when: string,
    body: string,
    timing = "CREATE TRIGGER",
  ): Promise<void> {
    if (db.name === "PostgreSQL") {
      await db.rawRows(
        "CREATE OR REPLACE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS " +
          `'BEGIN IF NEW.id = 17 THEN ${body}; END IF; RETURN NEW; END'`,
      )
      await db.rawRows(`${timing} rewrite ${when} FOR EACH ROW EXECUTE FUNCTION rewrite()`)
    } else {
      await db.rawRows(`CREATE TRIGGER rewrite ${when} ${body}`)
    }
  }

  if (db.name !== "SQLite") {
    test("in a single row, by a trigger before the change, keeps every value", async () => {
      await createTrigger(
        "BEFORE UPDATE ON patient",
        db.name === "PostgreSQL"
          ? "NEW.ssn = left(NEW.ssn, 90)"
          : "FOR EACH ROW SET NEW.ssn = IF(OLD.id = 17, left(NEW.ssn, 90), NEW.ssn)",
      )

      await expectRefused()
    })
  }

  test("encrypts rows that lie apart, between which others are in plaintext, and proves them", async () => {
    const odd = { keyring, where: "t.id % 2 = 1", batchSize: 5 }

    expect(await encryptColumns(source, patients, odd)).toMatchObject({ changed: 15, failed: 0 })

    const cells = await patientSsns(db)
    expect(cells.map((cell) => cell?.startsWith("gAAAAA"))).toEqual(
      cells.map((_, i) => i % 2 === 0),
    )
    expect(cells.map(valueIn)).toEqual(cells.map((_, i) => valueOf(i + 1)))
  })

  if (db.name !== "MariaDB") {
    test("in a single row, by a trigger after the change, keeps every value", async () => {
      const cut = "UPDATE patient SET ssn = lower(ssn) WHERE id = 17"
      await createTrigger(
        "AFTER UPDATE ON patient",
        db.name === "PostgreSQL"
          ? `IF pg_trigger_depth() = 1 THEN ${cut}; END IF`
          : `WHEN new.id = 17 BEGIN ${cut}; END`,
      )

      await expectRefused()
    })
  }

  if (db.name === "PostgreSQL") {
    test("at the end of the transaction, by a deferred trigger, keeps every value", async () => {
      await createTrigger(
        "AFTER UPDATE ON patient DEFERRABLE INITIALLY DEFERRED",
        "IF pg_trigger_depth() = 1 THEN UPDATE patient SET ssn = lower(ssn) WHERE id = 17; END IF",
        "CREATE CONSTRAINT TRIGGER",
      )

      await expectRefused()
    })
  }

  if (db.name === "PostgreSQL") {
    test("nowhere, under a rule that copies what is written, is encrypted", async () => {
      await db.rawRows("CREATE TABLE copied (id int, ssn text)")
      await db.rawRows(
        "CREATE RULE copies AS ON UPDATE TO patient DO ALSO INSERT INTO copied VALUES (NEW.id, NEW.ssn)",
      )

      const report = await encryptColumns(source, patients, { keyring, batchSize: 5 })

      expect(report).toMatchObject({ changed: 30, failed: 0 })
      const copies = await db.rawRows("SELECT ssn FROM copied ORDER BY id")
      expect(copies.map(({ ssn }) => ssn)).toEqual(await patientSsns(db))
    })

    test("nowhere, under a rule that keeps a row as it is, lists that row", async () => {
      await db.rawRows(
        "CREATE RULE keeps AS ON UPDATE TO patient WHERE NEW.id = 17 DO INSTEAD NOTHING",
      )

      const report = await encryptColumns(source, patients, { keyring, batchSize: 5 })

      expect(report).toMatchObject({ changed: 29, failed: 1 })
      expect(report.failures).toMatchObject([{ key: ["17"] }])
      expect((await patientSsns(db))[16]).toBe(valueOf(17))
    })

    test("in a single row, by a trigger of its partition, keeps every value", async () => {
      await db.rawRows("ALTER TABLE patient RENAME TO before")
      await db.rawRows("CREATE TABLE patient (LIKE before) PARTITION BY RANGE (id)")
      await db.rawRows("ALTER TABLE patient ADD PRIMARY KEY (id)")
      await db.rawRows("CREATE TABLE first PARTITION OF patient FOR VALUES FROM (0) TO (11)")
      await db.rawRows("CREATE TABLE others PARTITION OF patient DEFAULT")
      await db.rawRows("INSERT INTO patient SELECT * FROM before")
      await createTrigger(
        "AFTER UPDATE ON others",
        "IF pg_trigger_depth() = 1 THEN UPDATE patient SET ssn = lower(ssn) WHERE id = 17; END IF",
      )

      await expectRefused()
    })
  }

  test("undoes the batch within the transaction of a migration, which stays open", async () => {
    const runner = source.createQueryRunner()
    await createTrigger(
      db.name === "SQLite" ? "AFTER UPDATE ON patient" : "BEFORE UPDATE ON patient",
      {
        PostgreSQL: "NEW.ssn = left(NEW.ssn, 90)",
        MariaDB: "FOR EACH ROW SET NEW.ssn = IF(OLD.id = 17, left(NEW.ssn, 90), NEW.ssn)",
        SQLite: "WHEN new.id = 17 BEGIN UPDATE patient SET ssn = lower(ssn) WHERE id = 17; END",
      }[db.name],
    )
    await runner.startTransaction()

    const running = encryptColumns(runner, patients, { keyring, batchSize: 5 })

    await expect(running).rejects.toMatchObject({ code: "ERR_COLUMN_MISUSE" })
    await runner.query("UPDATE patient SET note = 'still open' WHERE id = 1")
    await runner.commitTransaction()
    await runner.release()
    const cells = await patientSsns(db)
    expect(cells.map(valueIn)).toEqual(cells.map((_, i) => valueOf(i + 1)))
    expect(await db.rawRows("SELECT note FROM patient WHERE id = 1")).toEqual([
      { note: "still open" },
    ])
  })
})

eachDatabase("a session that cuts or limits", (db) => {
  let runner: QueryRunner

  beforeEach(async () => {
    await createPatients(
      db,
      Array.from({ length: 30 }, (_, i) => [i === 4 ? "" : valueOf(i + 1), null]),
    )
    runner = (await db.connect()).createQueryRunner()
  })

  const settings = {
    PostgreSQL: { statement_timeout: "'1ms'" },
    MariaDB: {
      sql_mode: "'EMPTY_STRING_IS_NULL'",
      sql_safe_updates: "1",
      sql_select_limit: "3",
      max_join_size: "2",
    },
    SQLite: {},
  } as const

  async function current(): Promise<unknown> {
    const names = Object.keys(settings[db.name])
    if (names.length === 0) return []
    const spelled = names.map((name) =>
      db.name === "PostgreSQL" ? `current_setting('${name}') AS ${name}` : `@@${name} AS ${name}`,
    )
    const rows: unknown = await runner.query(`SELECT ${spelled.join(", ")}`)
    return rows
  }

  test("encrypts all the same, and is as it was afterwards", async () => {
    for (const [name, given] of Object.entries(settings[db.name])) {
      // MySQL has no such mode
      const value = db.options().type === "mysql" && name === "sql_mode" ? "''" : given
      await runner.query(`SET SESSION ${name} = ${value}`)
    }
    const before = await current()

    const report = await encryptColumns(runner, patients, { keyring, batchSize: 7 })

    expect(report).toMatchObject({ completed: true, failed: 0, changed: 30 })
    expect(await current()).toEqual(before)
    expect((await patientSsns(db)).map(valueIn)[4]).toBe("")
    await runner.release()
  })

  if (db.name === "SQLite") return

  describe("with a column that is too narrow for a value written meanwhile", () => {
    test("lists that value, and encrypts all others", async () => {
      await db.rawRows(
        db.name === "PostgreSQL"
          ? "ALTER TABLE patient ALTER ssn TYPE varchar(120)"
          : "ALTER TABLE patient MODIFY ssn varchar(120)",
      )
      if (db.name === "MariaDB") await runner.query("SET SESSION sql_mode = ''")
      const late = "longer than what fits, ".repeat(4)
      let written: Promise<unknown> | undefined
      const codec = {
        encode: (value: unknown) => Buffer.from(String(value), "utf8"),
        decode(bytes: Uint8Array) {
          // Runs when the range was counted and not all of it was read
          written ??= db.rawRows(`UPDATE patient SET ssn = '${late}' WHERE id = 20`)
          return Buffer.from(bytes).toString("utf8")
        },
      }
      const target: TableDescription = { table: "patient", columns: { ssn: { codec } } }

      const running = encryptColumns(runner, target, { keyring, batchSize: 7 })

      await expect(running).rejects.toMatchObject({
        code: "ERR_BULK_INCOMPLETE",
        message: expect.stringMatching(/^1 cells .* 20: patient.ssn .* longer than 120/) as unknown,
      })
      await written
      const cells = await patientSsns(db)
      expect(cells[19]).toBe(late)
      expect(cells.map(valueIn).filter((_, i) => i !== 19)).toEqual(
        cells.map((_, i) => (i === 4 ? "" : valueOf(i + 1))).filter((_, i) => i !== 19),
      )
      await runner.release()
    })
  })
})

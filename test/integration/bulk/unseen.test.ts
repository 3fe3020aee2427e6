import { randomBytes } from "node:crypto"

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource, DataSourceOptions } from "typeorm"

import { encryptColumns, inspectColumns } from "../../../src"
import { verifyColumns } from "../../../src/bulk/bulk"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { createPatients, patients, patientSsns } from "./patients"

const isToken = (cell: unknown): boolean => String(cell).startsWith("gAAAAA")

eachDatabase("a run that does not see every row", (db) => {
  let source: DataSource

  beforeEach(async () => {
    await createPatients(
      db,
      Array.from({ length: 200 }, (_, i) => [`value ${i + 1}`, null]),
    )
    source = await db.connect()
  })

  test("says how many rows it looked at, and that a condition passes none", async () => {
    const some = await encryptColumns(source, patients, { keyring, where: "t.id <= 40" })
    const none = await encryptColumns(source, patients, { keyring, where: "t.id < 0" })

    expect(some).toMatchObject({ rows: 40, changed: 40 })
    expect(none).toMatchObject({ completed: true, rows: 0, changed: 0 })
  })

  test("looks at one sample, however often it reads", async () => {
    await encryptColumns(source, patients, { keyring })
    const totals = new Set<number>()
    const samples = await Promise.all(
      [1, 2, 3].map(async () => {
        const { rows } = await verifyColumns(source, patients, {
          ...{ keyring, sample: { fraction: 0.4 }, batchSize: 7, concurrency: 1 },
          onProgress: ({ done, total }) => done === total && totals.add(total),
        })
        return rows
      }),
    )

    for (const rows of samples) expect([...totals]).toContain(rows)
    expect(Math.min(...samples)).toBeGreaterThan(40)
    expect(Math.max(...samples)).toBeLessThan(130)
  })

  test("has something in its sample, however small that is to be", async () => {
    await encryptColumns(source, patients, { keyring })

    const { rows } = await verifyColumns(source, patients, { keyring, sample: { fraction: 1e-9 } })

    expect(rows).toBeGreaterThan(0)
  })

  if (db.name === "MariaDB") {
    test.each(["MyISAM", "Aria"])(
      "or could not undo a batch, on %s, is refused",
      async (engine) => {
        // MySQL has one of them
        if (engine === "Aria" && db.options().type === "mysql") return
        await db.rawRows(`ALTER TABLE patient ENGINE = ${engine}`)

        const refused = encryptColumns(source, patients, { keyring })

        await expect(refused).rejects.toMatchObject({
          code: "ERR_COLUMN_MISUSE",
          message: expect.stringContaining(`the engine ${engine}`) as unknown,
        })
        expect((await patientSsns(db)).filter(isToken)).toHaveLength(0)
        await expect(inspectColumns(source, patients, { keyring })).resolves.toMatchObject({
          rows: 200,
        })
        const forced = await encryptColumns(source, patients, { keyring, force: true })
        expect(forced).toMatchObject({ changed: 200, failed: 0 })
      },
    )
  }

  if (db.name !== "PostgreSQL") return

  describe("under row-level security", () => {
    const role = `tenant_${randomBytes(6).toString("hex")}`
    let tenant: DataSource

    beforeEach(async () => {
      await db.rawRows("ALTER TABLE patient ENABLE ROW LEVEL SECURITY")
      await db.rawRows("CREATE POLICY odd ON patient USING (id % 2 = 1)")
      await db.rawRows(`CREATE ROLE ${role} LOGIN`)
      await db.rawRows(`GRANT USAGE ON SCHEMA public TO ${role}`)
      await db.rawRows(`GRANT SELECT, UPDATE ON patient TO ${role}`)
      const { url = "" } = db.options() as { url?: string }
      const own = new URL(url)
      own.username = role
      tenant = await db.connect({ url: own.href } as Partial<DataSourceOptions>)
    })

    afterEach(async () => {
      await db.rawRows(`DROP OWNED BY ${role}`)
      await tenant.destroy()
      await db.rawRows(`DROP ROLE ${role}`)
    })

    test.each([
      ["changes", encryptColumns],
      ["looks", inspectColumns],
      ["verifies", verifyColumns],
    ] as const)("is refused if it %s", async (_what, run) => {
      await expect(run(tenant, patients, { keyring })).rejects.toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        message: expect.stringContaining("row-level security") as unknown,
      })
      expect((await patientSsns(db)).filter(isToken)).toHaveLength(0)
    })

    test("runs as a role that it does not apply to", async () => {
      const report = await encryptColumns(source, patients, { keyring })

      expect(report).toMatchObject({ rows: 200, changed: 200 })
    })
  })

  test("of tables that inherit, with keys of their own, is refused, and each is done by name", async () => {
    await db.rawRows("CREATE TABLE ward_patient (PRIMARY KEY (id)) INHERITS (patient)")
    await db.rawRows("INSERT INTO ward_patient SELECT id, 'ward ' || id FROM ONLY patient")
    const heirs = { ...patients, table: "ward_patient" }
    const own = { keyring, where: `t.tableoid = '"patient"'::regclass` }

    for (const run of [encryptColumns, inspectColumns]) {
      await expect(run(source, patients, { keyring, batchSize: 3 })).rejects.toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        message: expect.stringMatching(/inherit.*ward_patient.*tableoid/) as unknown,
      })
    }
    await encryptColumns(source, patients, { ...own, batchSize: 3 })
    await encryptColumns(source, heirs, { keyring, batchSize: 3 })

    const cells = await db.rawRows("SELECT ssn FROM patient")
    expect(cells).toHaveLength(400)
    expect(cells.filter(({ ssn }) => !isToken(ssn))).toHaveLength(0)
  })
})

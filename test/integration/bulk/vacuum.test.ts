import { expect, test } from "@jest/globals"

import { encryptColumns } from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"
import { newestOnly } from "./newest-only"
import { patients, patientSsns } from "./patients"
import { createValues } from "./processes"

const rows = 20_000

async function sizeOf(db: TestDatabase): Promise<number> {
  const [row] = await db.rawRows("SELECT pg_relation_size('patient') AS size")
  return Number(row?.size)
}

newestOnly(() => {
  eachDatabase("vacuum", (db) => {
    if (db.name !== "PostgreSQL") {
      test("is refused where there is none", async () => {
        await createValues(db, 1)

        const run = encryptColumns(await db.connect(), patients, { keyring, vacuum: true })

        await expect(run).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_DATABASE" })
        expect(await patientSsns(db)).toEqual(["value 1"])
      })
      return
    }

    test("keeps a table smaller while it is encrypted", async () => {
      const sizes: number[] = []
      for (const vacuum of [false, true]) {
        await createValues(db, rows)
        await db.rawRows("ALTER TABLE patient SET (autovacuum_enabled = false)")
        const options = { keyring, vacuum, batchSize: 500, concurrency: 1 }
        await encryptColumns(await db.connect(), patients, options)
        sizes.push(await sizeOf(db))
      }

      expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) * 0.95)
      expect(open((await patientSsns(db))[0])).toBe("value 1")
    })

    test("is refused in a transaction", async () => {
      await createValues(db, 1)
      const source = await db.connect()

      await source.transaction(async ({ queryRunner }) => {
        if (!queryRunner) throw new Error("there is no query runner")
        await expect(
          encryptColumns(queryRunner, patients, { keyring, vacuum: true }),
        ).rejects.toThrow("A table cannot be vacuumed in a transaction; leave `vacuum` out.")
      })
    })
  })
})

import { join } from "node:path"

import { expect, test } from "@jest/globals"

import { encryptColumns, withEncryption } from "../../src"
import { startProcess } from "../integration/bulk/processes"
import { Encrypted, Plain } from "../integration/schema/half-converted"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { until } from "../support/until"
import { rounds } from "./rounds"

const ROWS = 4_000

/** Statements of a schema step that it is killed at, whatever the database makes of them. */
const moments = [1, 2, 3]

const script = join(__dirname, "..", "integration", "schema", "conversion-process.ts")

const values = () =>
  Array.from({ length: ROWS }, (_, id) => ({
    ...{ id, ward: id * 7, urgent: [true, false, null][id % 3] ?? null },
  }))

async function fill(db: TestDatabase): Promise<void> {
  await db.dropAllTables()
  const before = await db.connect({ entities: [Plain], synchronize: true })
  await before.manager.insert(Plain, values())
  await before.destroy()
}

/** Runs the schema step to its end, whatever the last one left, and encrypts. */
async function goOn(db: TestDatabase): Promise<void> {
  const source = await db.connect({ entities: [Encrypted], synchronize: true }, (bound) =>
    withEncryption(bound, { keyring, plaintext: "allow", timestampZone: "UTC" }),
  )
  expect((await source.driver.createSchemaBuilder().log()).upQueries).toEqual([])
  expect(await encryptColumns(source, Encrypted)).toMatchObject({ failed: 0, completed: true })
  const visits = await source.manager.find(Encrypted, { order: { id: "ASC" } })
  expect(visits).toEqual(values())
  await source.destroy()
}

/** MariaDB and MySQL end the statement at hand, whoever waits for it. */
async function abandoned(db: TestDatabase): Promise<void> {
  if (db.name !== "MariaDB") return
  await until(async () => {
    const others = await db.rawRows(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = database() AND ID <> connection_id()",
    )
    return others.length === 0
  })
}

eachDatabase("a schema step that is killed", (db) => {
  test.each(moments)(
    "at its statement %d goes on or goes back, with every value",
    async (moment) => {
      for (let round = 0; round < rounds; round++) {
        await fill(db)
        const step = startProcess(script, [JSON.stringify(db.options())])
        await step.begin()
        await step.printed(moment)
        await step.kill()
        await abandoned(db)

        await goOn(db)
      }
    },
  )
})

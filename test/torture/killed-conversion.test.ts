import { join } from "node:path"

import { expect, test } from "@jest/globals"

import { encryptColumns, withEncryption } from "../../src"
import { startProcess } from "../integration/bulk/processes"
import { EncryptedInTime, PlainInTime } from "../integration/schema/half-converted"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { until } from "../support/until"
import { rounds } from "./rounds"

const ROWS = 4_000

/** Statements of a schema step that it is killed at, whatever the database makes of them. */
const moments = [1, 2, 3]

const script = join(__dirname, "..", "integration", "schema", "conversion-process.ts")

/** The drivers of servers read times without a zone in that of the process. */
const isUtc = new Date().getTimezoneOffset() === 0

const values = () =>
  Array.from({ length: ROWS }, (_, id) => ({
    ...{ id, ward: id * 7, urgent: [true, false, null][id % 3] ?? null },
    at:
      id % 5 === 0 ? null : new Date(Date.UTC(1950 + (id % 150), id % 12, 1 + (id % 28), id % 24)),
  }))

async function fill(db: TestDatabase): Promise<void> {
  await db.dropAllTables()
  const before = await db.connect({ entities: [PlainInTime], synchronize: true })
  await before.manager.insert(PlainInTime, values())
  await before.destroy()
}

const connect = (db: TestDatabase, synchronize = false) =>
  db.connect({ entities: [EncryptedInTime], synchronize }, (bound) =>
    withEncryption(bound, { keyring, plaintext: "allow", timestampZone: "UTC" }),
  )

/** Runs the schema step to its end, whatever the last one left, and encrypts. */
async function goOn(db: TestDatabase): Promise<void> {
  const source = await connect(db, true)
  expect((await source.driver.createSchemaBuilder().log()).upQueries).toEqual([])
  expect(await encryptColumns(source, EncryptedInTime)).toMatchObject({
    failed: 0,
    completed: true,
  })
  const visits = await source.manager.find(EncryptedInTime, { order: { id: "ASC" } })
  const read = visits.map(({ id, ward, urgent, at }) => ({
    id,
    ward,
    urgent,
    at: isUtc ? at : null,
  }))
  expect(read).toEqual(values().map((visit) => (isUtc ? visit : { ...visit, at: null })))
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

  test.each(moments)(
    "at its statement %d of the way back goes on or begins again, with every value",
    async (moment) => {
      for (let round = 0; round < rounds; round++) {
        await fill(db)
        const rows = () => db.rawRows("SELECT * FROM visit ORDER BY id")
        const before = await rows()
        const source = await connect(db)
        const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()
        for (const { query } of upQueries) await source.query(query)
        await source.destroy()
        const down = downQueries.map(({ query }) => query).toReversed()
        const step = startProcess(script, [JSON.stringify(db.options()), JSON.stringify(down)])
        await step.begin()
        await step.printed(moment)
        const isKilled = await step.kill()
        await abandoned(db)

        const again = await connect(db)
        // What ended is recorded, and not run again
        if (isKilled) for (const query of down) await again.query(query)
        expect(await rows()).toEqual(before)
        await again.destroy()
      }
    },
  )
})

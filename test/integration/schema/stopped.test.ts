import { beforeEach, expect, test } from "@jest/globals"
import { type ColumnType, type DataSource, EntitySchema } from "typeorm"

import { decryptColumns, encryptColumns, encryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { storedAs } from "./filled-columns"

type Visit = Record<"at" | "id" | "urgent" | "ward", unknown>

const id = { type: "int", primary: true } as const
const nullable = true

const instants: Readonly<Record<string, ColumnType>> = { postgres: "timestamp" }

const bind = (source: DataSource) =>
  withEncryption(source, { keyring, plaintext: "allow", timestampZone: "+02:00" })

const encrypted = new EntitySchema<Visit>({
  name: "visit",
  columns: {
    id,
    at: encryptedColumn({ codec: "date", nullable }),
    urgent: encryptedColumn({ codec: "boolean", nullable }),
    ward: encryptedColumn({ codec: "number", nullable }),
  },
})

const values = [
  [1, "'2020-02-29 12:34:56.789'", true, 7],
  [2, "'1999-12-31 23:30:00.001'", false, -1],
  [3, "'1000-01-01 02:00:00.000'", "NULL", "NULL"],
  [4, "NULL", true, 0],
] as const

eachDatabase("a conversion that is stopped between any two of its statements", (db) => {
  const columns = (["at", "urgent", "ward"] as const).map(
    (name) => `${storedAs[db.name](name)} AS ${name}`,
  )
  const rows = () => db.rawRows(`SELECT id, ${columns.join(", ")} FROM visit ORDER BY id`)
  let before: Awaited<ReturnType<typeof rows>>
  let source: DataSource

  beforeEach(async () => {
    await db.dropAllTables()
    const type = instants[db.options().type] ?? "datetime"
    const plain = new EntitySchema<Visit>({
      name: "visit",
      columns: {
        id,
        at: { type, precision: db.name === "SQLite" ? undefined : 3, nullable },
        urgent: { type: "boolean", nullable },
        ward: { type: "int", nullable },
      },
    })
    const unencrypted = await db.connect({ entities: [plain], synchronize: true })
    await unencrypted.destroy()
    for (const row of values) await db.rawRows(`INSERT INTO visit VALUES (${row.join(", ")})`)
    before = await rows()
    source = await db.connect({ entities: [encrypted] }, bind)
  })

  const generated = async () => {
    const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()
    return {
      up: upQueries.map(({ query }) => query),
      down: downQueries.map(({ query }) => query).toReversed(),
    }
  }

  const run = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await source.query(statement)
  }

  /** Runs the first statements of a migration, and what a database does when its client is killed. */
  async function stopAfter(statements: readonly string[]): Promise<void> {
    const runner = source.createQueryRunner()
    const isUndone = db.name !== "MariaDB"
    if (isUndone) await runner.startTransaction()
    for (const statement of statements) await runner.query(statement)
    if (isUndone) await runner.rollbackTransaction()
    await runner.release()
  }

  test("makes of times in a zone the instants that they are, in every year", async () => {
    await run((await generated()).up)

    const cells = await db.rawRows("SELECT at FROM visit WHERE at IS NOT NULL ORDER BY id")
    // SQLite keeps no zone, and its driver reads UTC
    const local = db.name === "SQLite" ? "Z" : "+02:00"
    const meant = ["2020-02-29T12:34:56.789", "1999-12-31T23:30:00.001", "1000-01-01T02:00:00.000"]
    expect(cells.map(({ at }) => Date.parse(String(at)))).toEqual(
      meant.map((text) => Date.parse(`${text}${local}`)),
    )
  })

  test("goes on when the migration is run again, with every value, there and back", async () => {
    const { up, down } = await generated()
    for (let count = 0; count <= Math.max(up.length, down.length); count++) {
      await stopAfter(up.slice(0, count))
      await run(up)
      expect(await encryptColumns(source, encrypted)).toMatchObject({ failed: 0, completed: true })
      await decryptColumns(source, encrypted)

      await stopAfter(down.slice(0, count))
      await run(down)
      expect([count, await rows()]).toEqual([count, before])
    }
  })

  test("goes on when decryption is run again that gives the types back", async () => {
    if (db.name === "SQLite") return
    const { up } = await generated()
    const at = db.name === "MariaDB" ? "datetime(3)" : "timestamp(3)"
    const restoreTypes = {
      at,
      urgent: db.name === "MariaDB" ? "tinyint(1)" : "boolean",
      ward: "int",
    }
    await run(up)
    const planned = async () => {
      const report = await decryptColumns(source, encrypted, { restoreTypes, dryRun: true })
      return (report.planned ?? []).map(({ sql }) => sql)
    }

    // Until the last, no column has its type again
    const last = (await planned()).findLastIndex((sql) => sql.includes("ALTER TABLE"))
    for (let count = 0; count <= last; count++) {
      await encryptColumns(source, encrypted)
      const statements = await planned()
      await decryptColumns(source, encrypted)
      await stopAfter(statements.slice(0, count))
      await decryptColumns(source, encrypted, { restoreTypes })
      expect([count, await rows()]).toEqual([count, before])
      await run(up)
    }
  })
})

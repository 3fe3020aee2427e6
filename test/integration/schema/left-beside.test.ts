import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, TableColumn } from "typeorm"

import { type ColumnMisuseError, encryptColumns, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { Encrypted, Plain } from "./half-converted"

const bind = (source: DataSource) => withEncryption(source, { keyring, plaintext: "allow" })

const values = [true, false, null].map((urgent, i) => ({ id: i + 1, ward: i * 7, urgent }))

eachDatabase("a schema step that was killed between two statements", (db) => {
  if (db.name !== "MariaDB") {
    test("leaves nothing where a transaction undoes it", () => {
      expect(db.name).toMatch(/PostgreSQL|SQLite/)
    })
    return
  }

  let source: DataSource
  let up: readonly string[]

  const log = async () => {
    const { upQueries } = await source.driver.createSchemaBuilder().log()
    return upQueries.map(({ query }) => query)
  }

  beforeEach(async () => {
    await db.dropAllTables()
    const before = await db.connect({ entities: [Plain], synchronize: true })
    await before.manager.insert(Plain, values)
    source = await db.connect({ entities: [Encrypted] }, bind)
    up = await log()
    const last = up.findLastIndex((query) => query.includes(" DROP COLUMN `urgent`"))
    for (const query of up.slice(0, last)) await db.rawRows(query)
    expect(await db.rawRows("SHOW COLUMNS FROM visit")).toHaveLength(4)
  })

  test("goes on when it is run again", async () => {
    await source.synchronize()

    expect(await log()).toEqual([])
    expect(await db.rawRows("SHOW COLUMNS FROM visit")).toHaveLength(3)
    await encryptColumns(source, Encrypted)
    expect(await source.manager.find(Encrypted, { order: { id: "ASC" } })).toEqual(values)
  })

  test("goes on as the migration that it was", async () => {
    const runner = source.createQueryRunner()
    for (const query of up) await runner.query(query)
    // Nor was it recorded as done
    for (const query of up) await runner.query(query)
    await runner.release()

    expect(await log()).toEqual([])
    await encryptColumns(source, Encrypted)
    expect(await source.manager.find(Encrypted, { order: { id: "ASC" } })).toEqual(values)
  })

  test("goes on as a migration that was written by hand", async () => {
    const runner = source.createQueryRunner()
    const text = new TableColumn({ name: "urgent", type: "text", isNullable: true })
    await runner.changeColumn("visit", "urgent", text)
    await runner.release()

    expect(await log()).toEqual([])
    expect(await source.manager.find(Encrypted, { order: { id: "ASC" } })).toEqual(values)
  })

  test("is named to who only lists statements, with the one that takes it back", async () => {
    const refused: unknown = await log().catch((error: unknown) => error)

    const [problem = ""] = (refused as ColumnMisuseError).problems
    const [, statement = ""] = /or run (ALTER TABLE .*)\.$/.exec(problem) ?? []
    await db.rawRows(statement)
    expect(await log()).toContainEqual(expect.stringMatching(/DROP COLUMN `urgent`/))
  })

  test("leaves alone what only is called so", async () => {
    await source.synchronize()
    await db.rawRows("CREATE TABLE fact (id int, miles_converted int AS (id * 2) STORED)")

    await source.synchronize()

    expect(await db.rawRows("SHOW COLUMNS FROM fact")).toHaveLength(2)
  })
})

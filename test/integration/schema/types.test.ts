import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { type DataSource, EntitySchema } from "typeorm"

import { decryptColumns, encryptColumns, encryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { type FilledColumn, filledColumns, storedAs } from "./filled-columns"

const bind = (source: DataSource) =>
  withEncryption(source, { keyring, plaintext: "allow", timestampZone: "UTC" })

eachDatabase("a filled column of every type", (db) => {
  let columns: readonly (FilledColumn & { readonly name: string })[]
  let depth: number
  let entity: EntitySchema<Record<string, unknown>>

  beforeAll(() => {
    const isMysql = db.options().type === "mysql"
    columns = filledColumns[db.name]
      .filter(({ notInMysql }) => !(isMysql && notInMysql))
      .map((column, i) => ({ ...column, name: `c${i}` }))
    depth = Math.max(...columns.map(({ values }) => values.length))
    const encrypted = columns.map(
      ({ name, codec }) => [name, encryptedColumn({ codec, nullable: true })] as const,
    )
    entity = new EntitySchema({
      name: "filled",
      columns: { id: { type: "int", primary: true }, ...Object.fromEntries(encrypted) },
    })
  })

  async function fill(): Promise<void> {
    const definitions = columns.map(({ name, type }) => `${name} ${type}`)
    await db.rawRows(`CREATE TABLE filled (id int NOT NULL PRIMARY KEY, ${definitions.join(", ")})`)
    for (let row = 0; row <= depth; row++) {
      const values = columns.map(({ values }) => values[row]?.[0] ?? "NULL")
      await db.rawRows(`INSERT INTO filled VALUES (${row}, ${values.join(", ")})`)
    }
  }

  const cells = () =>
    db.rawRows(
      `SELECT id, ${columns.map(({ name }) => `${storedAs[db.name](name)} AS ${name}`).join(", ")} ` +
        "FROM filled ORDER BY id",
    )

  beforeEach(async () => {
    await db.dropAllTables()
    if (db.name !== "PostgreSQL") return
    await db.rawRows("CREATE EXTENSION IF NOT EXISTS citext SCHEMA public")
    await db.rawRows(`CREATE TYPE mood AS ENUM ('calm', 'don''t know')`)
    await db.rawRows("CREATE DOMAIN amount AS numeric(6,2) CHECK (value > 0)")
  })

  test("is converted, encrypted, read, decrypted and given back, value by value", async () => {
    await fill()
    const before = await cells()
    const types = await typesOf(await db.connect())
    const source = await db.connect({ entities: [entity] }, bind)
    const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()

    for (const { query } of upQueries) await source.query(query)
    expect((await source.driver.createSchemaBuilder().log()).upQueries).toEqual([])
    const report = await encryptColumns(source, entity)
    expect(report.failures).toEqual([])
    const rows = await source.getRepository(entity).find({ order: { id: "ASC" } })
    for (const { name, values } of columns) {
      const read = Array.from({ length: depth + 1 }, (_, row) => values[row]?.[1] ?? null)
      expect([name, rows.map((row) => row[name])]).toEqual([name, read])
    }
    await decryptColumns(source, entity)
    for (const { query } of downQueries.toReversed()) await source.query(query)

    expect(await cells()).toEqual(before)
    expect(await typesOf(await db.connect())).toEqual(types)
  })

  async function typesOf(source: DataSource): Promise<unknown> {
    const runner = source.createQueryRunner()
    const table = await runner.getTable("filled")
    await runner.release()
    const found = table?.columns.map(({ name, type, length, precision, scale, unsigned }) => ({
      ...{ name, type, length, precision, scale, unsigned },
    }))
    // MySQL tells of them in any order
    return found?.toSorted((one, other) => one.name.localeCompare(other.name))
  }

  test("does not go back with tokens in it, whatever its type", async () => {
    await fill()
    const source = await db.connect({ entities: [entity] }, bind)
    const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()
    for (const { query } of upQueries) await source.query(query)
    await encryptColumns(source, entity)
    const encrypted = await db.rawRows("SELECT * FROM filled ORDER BY id")

    const back = async () => {
      for (const { query } of downQueries.toReversed()) await source.query(query)
    }
    await expect(back()).rejects.toThrow()

    expect(await db.rawRows("SELECT * FROM filled ORDER BY id")).toEqual(encrypted)
  })
})

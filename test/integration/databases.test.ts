import { basename } from "node:path"
import { describe, expect, test } from "@jest/globals"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { eachDatabase } from "../support/databases"
import { typeormUnderTest } from "../support/typeorm-version"

declare const typeormAlias: "typeorm" | "typeorm-0.3" | "typeorm-0.3.17"

const versions = {
  typeorm: /^1\./,
  "typeorm-0.3": /^0\.3\.(?!17$)/,
  "typeorm-0.3.17": /^0\.3\.17$/,
}

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column("varchar", { length: 100 })
  name!: string
}

describe("the TypeORM under test", () => {
  test("is the one the Jest project names", () => {
    const { directory, version } = typeormUnderTest()

    expect(basename(directory)).toBe(typeormAlias)
    expect(version).toMatch(versions[typeormAlias])
  })

  test("is the one the tests import", () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loads it by its directory
    const loaded = require(typeormUnderTest().directory) as { DataSource: unknown }

    expect(DataSource).toBe(loaded.DataSource)
  })
})

eachDatabase("a test database", (db) => {
  let fromLastTest: DataSource

  test("is shared by two data sources", async () => {
    const writing = await db.connect({ entities: [Patient], synchronize: true })
    const reading = await db.connect({ entities: [Patient] })
    fromLastTest = reading

    await writing.getRepository(Patient).save({ name: "Ada Möller 🔒" })

    const found = await reading.getRepository(Patient).find()
    expect(found).toMatchObject([{ name: "Ada Möller 🔒" }])
  })

  test("destroys the data sources of a test after it", () => {
    expect(fromLastTest.isInitialized).toBe(false)
  })

  test("hands over raw rows without TypeORM", async () => {
    const rows = await db.rawRows(`SELECT ${db.escape("name")} FROM ${db.escape("patient")}`)

    expect(rows).toMatchObject([{ name: "Ada Möller 🔒" }])
  })

  test("forgets its tables", async () => {
    await db.dropAllTables()

    const rows = db.rawRows(`SELECT ${db.escape("name")} FROM ${db.escape("patient")}`)
    await expect(rows).rejects.toMatchObject({
      message: expect.stringContaining("patient") as unknown,
    })
  })
})

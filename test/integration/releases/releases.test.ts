import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

import { beforeAll, describe, expect, test } from "@jest/globals"
import type { DataSource, ObjectLiteral } from "typeorm"

import {
  type BulkOptions,
  checkEncryption,
  rotateColumns,
  Sealed,
  verifyColumns,
} from "../../../src"
import { databaseNames } from "../../support/database-names"
import { eachDatabase } from "../../support/databases"
import { parts } from "./0.2.0/parts"
import {
  entitiesOf,
  type ReleasePart,
  type ReleaseTable,
  type Ring,
  type Row,
  withinPart,
} from "./release-part"

/** What each release stored, by its version. */
const releases = { "0.2.0": parts }

describe("the dumps of releases", () => {
  test("are there for every release from 0.2.0 on, and are read here", () => {
    const changelog = readFileSync("CHANGELOG.md", "utf8")
    const released = Array.from(changelog.matchAll(/^## (\d+\.\d+\.\d+)/gm), ([, one = ""]) => one)
    const dumped = released.filter((version) => version !== "0.1.0")

    expect(Object.keys(releases).sort()).toEqual(dumped.sort())
    for (const version of dumped) {
      for (const name of databaseNames) expect(existsSync(dumpOf(version, name))).toBe(true)
    }
    const folders = readdirSync(__dirname, { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    )
    expect(folders.map(({ name }) => name).sort()).toEqual(dumped)
  })
})

function dumpOf(version: string, name: string): string {
  return join(__dirname, version, `${name.toLowerCase()}.sql`)
}

/** A value as it is compared: what is sealed as what it holds. */
const shown = (value: unknown): unknown =>
  value instanceof Sealed ? { sealed: (value as Sealed<unknown>).reveal() } : value

const shownRow = (row: ObjectLiteral): ObjectLiteral =>
  Object.fromEntries(Object.entries(row).map(([property, value]) => [property, shown(value)]))

const optionsOf = ({ where }: ReleasePart): BulkOptions => (where ? { where } : {})

const hasIndexes = (source: DataSource, entity: ReleaseTable["entity"]): boolean =>
  source.getMetadata(entity).columns.some(({ databaseName }) => databaseName.endsWith("_bidx"))

for (const [version, partsOf] of Object.entries(releases)) {
  eachDatabase(`what version ${version} stored`, (db) => {
    const all = partsOf(db.name)

    async function restore(): Promise<void> {
      await db.dropAllTables()
      if (db.name === "PostgreSQL") await db.rawRows("DROP SCHEMA IF EXISTS ward CASCADE")
      const lines = readFileSync(dumpOf(version, db.name), "utf8").split("\n")
      for (const line of lines) if (line !== "" && !line.startsWith("--")) await db.rawRows(line)
    }

    const open = (part: ReleasePart, ring: Ring): Promise<DataSource> =>
      db.connect({ entities: entitiesOf(part) }, (unbound) => part.bind(unbound, ring))

    const read = (source: DataSource, { entity, of = {} }: ReleaseTable): Promise<Row[]> =>
      source.getRepository(entity).find({ where: of, order: { id: "ASC" } }) as Promise<Row[]>

    async function expectEverything(source: DataSource, part: ReleasePart): Promise<void> {
      for (const table of part.tables) {
        const { entity, rows, older = [], of, searches = [] } = table
        const found = (await read(source, table)).map(shownRow)
        expect(found).toEqual([...rows, ...older].map(shownRow))
        for (const [where, ids] of searches) {
          const found = await source
            .getRepository(entity)
            .find({ where: { ...of, ...where }, order: { id: "ASC" } })
          expect([where, found.map(({ id }) => id as number)]).toEqual([where, ids])
        }
      }
    }

    beforeAll(restore)

    describe.each(all.map((part) => [part.name, part] as const))("under %s", (_name, part) => {
      test("is read, and found by each of its indexes", async () => {
        const source = await open(part, "stored")

        await withinPart(part, () => expectEverything(source, part))
      })

      test("is what the model asks of the database", async () => {
        const source = await open(part, "stored")

        expect(await withinPart(part, () => checkEncryption(source))).toMatchObject({ ok: true })
        const { upQueries } = await source.driver.createSchemaBuilder().log()
        const statements = upQueries.map(({ query }) => query)
        // TypeORM 0.3 has other names for indexes over some rows
        expect(statements.filter((sql) => !/^(?:CREATE UNIQUE|DROP) INDEX /.test(sql))).toEqual([])
      })

      test("proves to be whole, and what is under the key of before to need a rotation", async () => {
        const source = await open(part, "stored")

        for (const { entity, older = [] } of part.tables) {
          const { completed, failures } = await withinPart(part, () =>
            verifyColumns(source, entity, optionsOf(part)),
          )
          expect(completed).toBe(true)
          const rows = new Set(failures.map(({ key: [id] }) => Number(id)))
          const stale = hasIndexes(source, entity) ? older : []
          expect([...rows]).toEqual(stale.map(({ id }) => id))
        }
      })

      test("is told as equal to what an application has", async () => {
        const source = await open(part, "stored")
        const before = await stored(source)

        await withinPart(part, async () => {
          for (const table of part.tables) {
            const repository = source.getRepository(table.entity)
            await repository.save(await read(source, table))
          }
        })

        expect(await stored(source)).toEqual(before)
      })

      test("keeps out a second row with a value that is unique", async () => {
        const source = await open(part, "stored")

        for (const { entity, refused } of part.tables) {
          if (!refused) continue
          const inserting = withinPart(part, () =>
            source.getRepository(entity).insert({ ...refused }),
          )
          await expect(inserting).rejects.toThrow(/unique|duplicate/i)
        }
      })
    })

    // Elsewhere TypeORM, whose schema step made the tables, adds no constraint
    if (db.name === "PostgreSQL") {
      test("keeps plaintext out by its constraint", async () => {
        const inserting = db.rawRows("INSERT INTO sample (id, constrained) VALUES (99, 'text')")

        await expect(inserting).rejects.toThrow(/check/i)
      })
    }

    test("is read and found under another key, once it was rotated", async () => {
      for (const part of all) {
        const rotating = await open(part, "rotating")
        for (const { entity } of part.tables) {
          const report = await withinPart(part, () =>
            rotateColumns(rotating, entity, optionsOf(part)),
          )
          expect(report).toMatchObject({ completed: true, failed: 0 })
        }

        const rotated = await open(part, "rotated")
        await withinPart(part, () => expectEverything(rotated, part))
        for (const { entity } of part.tables) {
          const report = await withinPart(part, () =>
            verifyColumns(rotated, entity, optionsOf(part)),
          )
          expect(report).toMatchObject({ completed: true, failed: 0, failures: [] })
        }
      }
    })

    /** What is in the tables, with every token as it is. */
    async function stored(source: DataSource): Promise<unknown> {
      const tables = source.entityMetadatas.map(({ tablePath }) =>
        tablePath
          .split(".")
          .map((word) => db.escape(word))
          .join("."),
      )
      const found: unknown[] = []
      for (const table of tables) found.push(await db.rawRows(`SELECT * FROM ${table} ORDER BY id`))
      return found
    }
  })
}

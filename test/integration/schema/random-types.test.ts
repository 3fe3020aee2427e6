import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { type DataSource, EntitySchema } from "typeorm"

import { decryptColumns, encryptColumns, encryptedColumn, withEncryption } from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { storedAs } from "./filled-columns"
import { type RandomColumn, randomColumns, zones } from "./random-columns"

/** As many cases on SQLite, of which a server does a fifth; thousands of them after a change of a conversion. */
const cases = Number(process.env.CONVERSION_CASES ?? 40)
const seed = Number(process.env.CONVERSION_SEED ?? 20_261_126)

type Row = Record<string, unknown>

const bindIn = (timestampZone: string) => (source: DataSource) =>
  withEncryption(source, { keyring, plaintext: "allow", timestampZone })

const nameOf = (i: number): string => `c${i}`

eachDatabase("columns of random types and contents", (db) => {
  test(
    "keep every value and every byte through encryption and back, or are refused untouched",
    async () => {
      const refused = { count: 0 }
      const runs = Math.max(1, Math.round(db.name === "SQLite" ? cases : cases / 5))
      await fc.assert(
        fc.asyncProperty(randomColumns(db.name), zones, async (columns, zone) => {
          if (!(await goThereAndBack(db, columns, zone))) refused.count++
        }),
        { seed, numRuns: runs, endOnFailure: process.env.CONVERSION_CASES === undefined },
      )

      // Neither all nor none, or nothing was looked at
      expect(refused.count).toBeGreaterThan(0)
      expect(refused.count).toBeLessThan(runs)
    },
    Math.max(120_000, cases * 2_000),
  )
})

/** Returns whether the columns were converted; if not, they are as they were. */
async function goThereAndBack(
  db: TestDatabase,
  columns: readonly RandomColumn[],
  zone: string,
): Promise<boolean> {
  await fill(db, columns)
  const cells = () =>
    db.rawRows(
      `SELECT id, ${columns.map((_, i) => `${storedAs[db.name](nameOf(i))} AS c${i}`).join(", ")} FROM filled ORDER BY id`,
    )
  const [before, types] = [await cells(), await describe(db)]
  const read = await readPlain(db, columns)
  const source = await db.connect({ entities: [encrypted(columns)] }, bindIn(zone))
  try {
    const change = await migrationOf(source)
    if (!change) {
      expect([await cells(), await describe(db)]).toEqual([before, types])
      return false
    }
    for (const statement of change.up) await source.query(statement)
    expect((await migrationOf(source))?.up).toEqual([])
    const { failures } = await encryptColumns(source, "filled")
    // Of a type that was not to be changed nothing was asked before; its cells are named one by one
    const left = new Set(failures.map(({ column }) => column.replace("filled.", "")))
    for (const [i, { type }] of columns.entries()) {
      if (left.has(nameOf(i))) expect(type).toBe("text")
    }
    // The drivers read local times in the zone of the process
    const isSame = ({ isRead, isLocal }: RandomColumn): boolean =>
      isRead && (zone === "UTC" || isLocal !== true)
    const compared = columns.map((column) => ({ ...column, isRead: isSame(column) }))
    if (left.size === 0) await expectSame(source, compared, read)
    expect((await decryptColumns(source, "filled")).failures).toEqual([])
    for (const statement of change.down) await source.query(statement)
    expect([await cells(), await describe(db)]).toEqual([before, types])
    return true
  } finally {
    await source.destroy()
  }
}

/** Every value is read as before, and the blind index of a text finds the rows that hold it. */
async function expectSame(
  source: DataSource,
  columns: readonly RandomColumn[],
  read: readonly Row[],
): Promise<void> {
  const repository = source.getRepository<Row>("filled")
  const rows = await repository.find({ order: { id: "ASC" } })
  for (const [i, { isRead }] of columns.entries()) {
    const name = nameOf(i)
    if (isRead) expect(rows.map((row) => row[name])).toEqual(read.map((row) => row[name]))
    const value = rows.find((row) => typeof row[name] === "string")?.[name]
    if (
      typeof value !== "string" ||
      !repository.metadata.findColumnWithDatabaseName(`${name}_bidx`)
    )
      continue
    const found = await repository.findBy({ [name]: value })
    const ids = rows.filter((row) => row[name] === value).map(({ id }) => id)
    expect(found.map(({ id }) => id).toSorted()).toEqual(ids)
  }
}

async function fill(db: TestDatabase, columns: readonly RandomColumn[]): Promise<void> {
  await db.dropAllTables()
  const definitions = columns.map(({ type }, i) => `${nameOf(i)} ${type}`)
  await db.rawRows(`CREATE TABLE filled (id int NOT NULL PRIMARY KEY, ${definitions.join(", ")})`)
  for (const row of columns[0]?.cells.keys() ?? []) {
    const values = columns.map(({ cells }) => cells[row] ?? "NULL")
    await db.rawRows(`INSERT INTO filled VALUES (${row}, ${values.join(", ")})`)
  }
}

/** What an application reads that encrypts nothing. */
async function readPlain(db: TestDatabase, columns: readonly RandomColumn[]): Promise<Row[]> {
  const plain = new EntitySchema<Row>({
    name: "filled",
    columns: {
      id: { type: "int", primary: true },
      ...Object.fromEntries(
        columns.flatMap(({ plain: type, isRead }, i) =>
          isRead ? [[nameOf(i), { type, nullable: true }]] : [],
        ),
      ),
    },
  })
  const source = await db.connect({ entities: [plain] })
  const rows = await source.getRepository(plain).find({ order: { id: "ASC" } })
  await source.destroy()
  return rows
}

function encrypted(columns: readonly RandomColumn[]): EntitySchema<Row> {
  return new EntitySchema<Row>({
    name: "filled",
    columns: {
      id: { type: "int", primary: true },
      ...Object.fromEntries(
        columns.map(({ codec }, i) => [
          nameOf(i),
          encryptedColumn({
            codec,
            nullable: true,
            ...(codec === "string" && { blindIndex: true }),
          }),
        ]),
      ),
    },
  })
}

async function migrationOf(
  source: DataSource,
): Promise<{ readonly up: readonly string[]; readonly down: readonly string[] } | undefined> {
  try {
    const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()
    return {
      up: upQueries.map(({ query }) => query),
      down: downQueries.map(({ query }) => query).toReversed(),
    }
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_COLUMN_MISUSE" })
    return undefined
  }
}

async function describe(db: TestDatabase): Promise<unknown> {
  const source = await db.connect()
  const runner = source.createQueryRunner()
  const table = await runner.getTable("filled")
  await runner.release()
  await source.destroy()
  return (
    table?.columns
      .filter(({ name }) => !name.endsWith("_bidx"))
      // MySQL tells of them in any order
      .toSorted((one, other) => one.name.localeCompare(other.name))
      .map(({ name, type, length, precision, scale, unsigned, isArray }) => ({
        ...{ name, type, length, precision, scale, unsigned, isArray },
      }))
  )
}

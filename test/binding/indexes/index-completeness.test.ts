import { beforeEach, describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, IsNull, Like, Not, PrimaryColumn } from "typeorm"

import { EncryptedColumn, type EncryptionOptions, withEncryption } from "../../../src"
import { companionsOf } from "../../../src/binding/indexes/companion"
import { mustBeComplete } from "../../../src/binding/indexes/index-completeness"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

/** Of which an index over each name and one over both are being built. */
@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: [{ building: true }, { with: ["last"], name: "names", building: true }],
  })
  first?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) last?: string | null
}

/** Of which cells may be in a form that others wrote. */
@Entity()
class Guest {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: { with: ["town"], name: "places" },
  })
  name?: string | null
  @EncryptedColumn({
    nullable: true,
    blindIndex: true,
    legacy: {
      is: (cell) => cell.startsWith("old:"),
      decode: (cell) => cell.slice(4),
      encode: (text) => `old:${String(text)}`,
    },
  })
  town?: string | null
}

const logger = new RecordingLogger()

async function sourceOf(plaintext?: EncryptionOptions["plaintext"]): Promise<DataSource> {
  const unbound = memorySource([Person, Guest], { logger })
  const source = withEncryption(unbound, { keyring, ...(plaintext && { plaintext }) })
  await source.initialize()
  logger.entries.length = 0
  return source
}

/** The statements that look for rows without a value of an index. */
const looks = (index: string): string[] =>
  logger.statements.filter((sql) => sql.startsWith("SELECT 1 AS missing") && sql.includes(index))

const token = keyring.encrypt("Ada")

describe("an index that is being built", () => {
  let source: DataSource

  beforeEach(async () => {
    source = await sourceOf()
  })

  const find = (where: object): Promise<Person[]> => source.manager.findBy(Person, where)

  test("is refused while a token has no index value, and is looked at by every query", async () => {
    await source.query("INSERT INTO person (id, first) VALUES (1, ?)", [token])

    for (let i = 0; i < 2; i++) {
      expect(await rejection(find({ first: "Ada" }))).toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
        property: "Person.first",
        message:
          "Person.first: the blind index first_bidx is being built, and tokens have no index value yet, " +
          "so that a search would miss them. Run column:encrypt, which gives each of them one.",
      })
    }
    expect(looks("first_bidx")).toEqual(
      Array.from({ length: 2 }, () =>
        expect.stringMatching(
          /^SELECT 1 AS missing FROM "person" WHERE "first_bidx" IS NULL AND .*"first".* LIMIT 1$/,
        ),
      ),
    )
  })

  test("answers once all have one, and is looked at no more", async () => {
    await source.query("INSERT INTO person (id, first) VALUES (1, ?)", [token])
    await rejection(find({ first: "Ada" }))
    await source.manager.update(Person, 1, { first: "Ada", last: "King" })
    logger.entries.length = 0

    for (let i = 0; i < 2; i++) expect(await find({ first: "Ada" })).toMatchObject([{ id: 1 }])

    expect(looks("first_bidx")).toHaveLength(1)
    expect(looks("last_bidx")).toEqual([])
  })

  test("misses no row that is NULL, or still in plaintext, which are compared as they are", async () => {
    const allowing = await sourceOf("allow")
    await allowing.query("INSERT INTO person (id, first) VALUES (1, 'Ada'), (2, NULL)")

    expect(await allowing.manager.findBy(Person, { first: "Ada" })).toMatchObject([{ id: 1 }])
  })

  test("over two properties misses only rows that have both", async () => {
    await source.query("INSERT INTO person (id, first) VALUES (1, ?)", [token])
    const where = { first: "Ada", last: "King" }

    expect(await find(where)).toEqual([])

    const again = await sourceOf()
    await again.query("INSERT INTO person (id, first, last) VALUES (1, ?, ?)", [token, token])
    const error = await rejection(again.manager.findBy(Person, where))

    expect(error.message).toContain("Person.first, Person.last: the blind index names is being")
  })

  test("is looked at in the transaction that asks", async () => {
    await source.transaction(async (manager) => {
      await manager.query("INSERT INTO person (id, first) VALUES (1, ?)", [token])
      expect((await rejection(manager.findBy(Person, { first: "Ada" }))).message).toContain("built")
      await manager.delete(Person, 1)
      expect(await manager.findBy(Person, { first: "Ada" })).toEqual([])
    })
  })

  test("is nothing to conditions that ask another, or none", async () => {
    await source.query("INSERT INTO person (id, first) VALUES (1, ?)", [token])
    const [first, , last] = companionsOf(source.getMetadata(Person))

    expect(await find({ last: "King" })).toEqual([])
    expect(await find({ first: Not(IsNull()) })).toMatchObject([{ first: "Ada" }])
    expect(first && mustBeComplete(first)).toBe(true)
    expect(last && mustBeComplete(last)).toBe(false)
    expect(await rejection(find({ first: Like("A%") }))).toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
  })
})

describe("an index over what others encrypted", () => {
  const refused = {
    code: "ERR_UNSUPPORTED_QUERY",
    property: "Guest.town",
    message:
      "Guest.town may hold what others encrypted, which cannot be compared with a value, and rows of it " +
      "have no index value. Run column:encrypt, which gives each of them one, then take `legacy` out of " +
      "the column.",
  }

  test.each(["old:York", "York", token])("is refused while %s has no index value", async (cell) => {
    const source = await sourceOf("allow")
    await source.query("INSERT INTO guest (id, town) VALUES (1, ?)", [cell])

    expect(await rejection(source.manager.findBy(Guest, { town: "York" }))).toMatchObject(refused)
    expect(looks("town_bidx")).toEqual([
      'SELECT 1 AS missing FROM "guest" WHERE "town_bidx" IS NULL AND "town" IS NOT NULL LIMIT 1',
    ])
  })

  test("answers where every row has one", async () => {
    const source = await sourceOf("allow")
    await source.manager.insert(Guest, { id: 1, name: "Ada", town: "York" })

    expect(await source.manager.findBy(Guest, { town: "York" })).toMatchObject([{ id: 1 }])
    expect(await source.manager.findBy(Guest, { name: "Ada", town: "York" })).toMatchObject([
      { id: 1 },
    ])
  })

  test.each(["keep", "index"] as const)(
    'is refused under "%s", where a release beside it clears index values, without a look',
    async (plaintext) => {
      const source = await sourceOf(plaintext)

      expect(await rejection(source.manager.findBy(Guest, { town: "York" }))).toMatchObject(refused)
      expect(looks("bidx")).toEqual([])
    },
  )

  test('is as any other under "reject", where nothing of it is read', async () => {
    const source = await sourceOf()

    expect(await source.manager.findBy(Guest, { town: "York" })).toEqual([])
    expect(await source.manager.findBy(Guest, { town: "Bath" })).toEqual([])
    // For rows that it does not know, once
    expect(looks("bidx")).toHaveLength(1)
  })
})

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  type DataSource,
  Entity,
  Equal,
  In,
  IsNull,
  Not,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { BlindEqual, BlindIn, EncryptedColumn, searchFor, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { rowsOf } from "../stored"

@Entity()
class Person {
  @PrimaryColumn() id!: number

  @EncryptedColumn({
    nullable: true,
    blindIndex: [
      true,
      { name: "given_folded", normalize: ["nfkc", "lowercase"] },
      { name: "given_initial", normalize: (name) => name.slice(0, 1) },
      { name: "full_name", with: ["family"], normalize: "lowercase", unique: true },
    ],
  })
  given!: string | null

  @EncryptedColumn({ nullable: true })
  family!: string | null

  @EncryptedColumn({ nullable: true, codec: "number", blindIndex: { context: "people/height" } })
  height!: number | null

  @EncryptedColumn({ nullable: true, codec: "date", blindIndex: true })
  seen!: Date | null

  @EncryptedColumn({ nullable: true, codec: "bytes", blindIndex: true })
  print!: Uint8Array | null

  @EncryptedColumn({ nullable: true, codec: "bigint", blindIndex: true })
  account!: bigint | null
}

const ada = {
  id: 1,
  given: "Ada",
  family: "Lovelace",
  height: 165.5,
  seen: new Date(5),
  print: Buffer.from([255, 0]),
  account: 2n ** 70n,
}

const fullName = (given: string, family: string) =>
  digestOf("person/given,family/full_name", [given.toLowerCase(), family.toLowerCase()])

eachDatabase("several blind indexes", (db) => {
  let source: DataSource
  let people: Repository<Person>

  beforeAll(async () => {
    source = await db.connect({ entities: [Person], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    people = source.getRepository(Person)
  })

  beforeEach(async () => {
    await people.createQueryBuilder().delete().execute()
    await people.save([
      { ...ada },
      { id: 2, given: "ADA", family: "Byron" },
      { id: 3, given: "Ａda", family: null },
    ])
  })

  const ids = (found: readonly Person[]): number[] => found.map(({ id }) => id).sort()
  const stored = async () => (await rowsOf(db, "person"))[0]

  test("hold a digest each", async () => {
    expect(await stored()).toMatchObject({
      given_bidx: digestOf("person/given/given_bidx", "Ada"),
      given_folded: digestOf("person/given/given_folded", "ada"),
      given_initial: digestOf("person/given/given_initial", "A"),
      full_name: fullName("Ada", "Lovelace"),
      height_bidx: digestOf("people/height", "165.5"),
      seen_bidx: digestOf("person/seen/seen_bidx", "1970-01-01T00:00:00.005Z"),
      account_bidx: digestOf("person/account/account_bidx", "1180591620717411303424"),
    })
  })

  test("answer by the first one, or by the one that is named", async () => {
    const folded = { index: "given_folded" }

    expect(ids(await people.findBy({ given: "Ada" }))).toEqual([1])
    expect(ids(await people.findBy({ given: BlindEqual("ada", folded) }))).toEqual([1, 2, 3])
    expect(ids(await people.findBy({ given: BlindIn(["ADA"], folded) }))).toEqual([1, 2, 3])
    expect(ids(await people.findBy({ given: Not(BlindEqual("x", folded)) }))).toEqual([1, 2, 3])
    expect(
      ids(await people.findBy({ given: BlindEqual("Aha", { index: "given_initial" }) })),
    ).toEqual([1, 2])
    await expect(people.findBy({ given: BlindEqual("x", { index: "no" }) })).rejects.toThrow(
      "given_bidx, given_folded, given_initial",
    )
  })

  test("compare numbers, dates and bytes by value", async () => {
    expect(ids(await people.findBy({ height: 165.5 }))).toEqual([1])
    expect(ids(await people.findBy({ seen: new Date(5) }))).toEqual([1])
    expect(ids(await people.findBy({ print: Uint8Array.of(255, 0) }))).toEqual([1])
    expect(ids(await people.findBy({ account: In([1n, 2n ** 70n]) }))).toEqual([1])
    await people.update({ seen: Equal(new Date(5)) }, { height: -0 })
    expect(ids(await people.findBy({ height: 0, print: BlindEqual(ada.print) }))).toEqual([1])
    await expect(people.findBy({ height: "165.5" as never })).rejects.toMatchObject({
      code: "ERR_INVALID_VALUE",
    })
  })

  describe("over two properties together", () => {
    test("answer conditions that have a value for each", async () => {
      const both = { given: "ada", family: Equal("LOVELACE") }

      expect(ids(await people.findBy(both))).toEqual([1])
      expect(ids(await people.findBy([both, { id: 2 }]))).toEqual([1, 2])
      expect(await people.countBy({ ...both, height: 165.5 })).toBe(1)
      expect(searchFor(source, Person, { family: "Lovelace", given: "Ada" })).toEqual([
        fullName("Ada", "Lovelace"),
      ])
      await people.delete(both)
      expect(ids(await people.find())).toEqual([2, 3])
    })

    test("refuse conditions on a part that has no index of its own, and say what works", async () => {
      await expect(people.findBy({ family: "Byron" })).rejects.toThrow(
        "Person.given, Person.family",
      )
      await expect(people.findBy({ given: "Ada", family: Not("x") })).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
        property: "Person.family",
      })
      expect(ids(await people.findBy({ given: "Ada", family: Not(IsNull()) }))).toEqual([1])
    })

    test("follow a save, whichever part changed", async () => {
      const person = await people.findOneByOrFail({ id: 1 })
      await people.save(Object.assign(person, { family: "King" }))
      expect((await stored())?.full_name).toBe(fullName("Ada", "King"))

      await people.save(Object.assign(person, { given: "Augusta" }))
      expect((await stored())?.full_name).toBe(fullName("Augusta", "King"))
    })

    test("allow a save of one part, whatever becomes of the index", async () => {
      const person = await people.findOneByOrFail({ id: 1 })
      await people.save(Object.assign(person, { family: "LOVELACE" }))
      expect(await people.findOneBy({ given: "Ada", family: "lovelace" })).toEqual(person)

      await people.save(Object.assign(person, { given: null }))
      await people.save(Object.assign(person, { family: "King" }))
      expect(await stored()).toMatchObject({ full_name: null })
      expect(await people.findOneBy({ id: 1 })).toEqual(person)

      await people.save({ id: 1, given: null })
      await people.save({ id: 1, given: "Ada", family: "King" })
      expect((await stored())?.full_name).toBe(fullName("Ada", "King"))
    })

    test("hold NULL where one part is null", async () => {
      await people.update(1, { family: null })
      expect((await stored())?.full_name).toBeNull()

      await people.save({ id: 1, given: null, family: "King" })
      expect((await stored())?.full_name).toBeNull()
    })

    test("refuse an update of one part, before it is sent", async () => {
      const before = await stored()
      const { manager } = people

      await expect(people.update(1, { family: "King" })).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
      })
      await expect(manager.update(Person, { height: 165.5 }, { given: "Eva" })).rejects.toThrow(
        "Person.given, Person.family are indexed together",
      )
      expect(await stored()).toEqual(before)
    })

    test("follow one part that is saved, by what the row has of the other", async () => {
      await people.save({ id: 1, family: "King" })
      expect((await stored())?.full_name).toBe(fullName("Ada", "King"))

      await people.save({ id: 3, given: "Eva" })
      expect((await rowsOf(db, "person"))[2]).toMatchObject({ full_name: null })
      const other = people.save({ id: 2, family: "King" })

      await expect(other).rejects.toMatchObject({ name: "QueryFailedError" })
      expect((await rowsOf(db, "person"))[1]?.full_name).toBe(fullName("ADA", "Byron"))
    })

    test("follow an upsert of one part, of rows that are there and of new ones", async () => {
      const rows = () => [
        { id: 1, given: "Eva" },
        { id: 5, given: "Eve" },
      ]
      for (let i = 0; i < 2; i++) {
        await people.upsert(rows(), { conflictPaths: ["id"], skipUpdateIfNoValuesChanged: i > 0 })
        const all = await rowsOf(db, "person")
        expect(all.map((row) => row.full_name)).toEqual([
          fullName("Eva", "Lovelace"),
          fullName("ADA", "Byron"),
          null,
          null,
        ])
      }
    })

    test("follow an INSERT that overwrites one part of what it has", async () => {
      const names = { given: "Eva", family: "King" }
      const builder = people.createQueryBuilder().insert()
      const overwriting = builder.values([
        { id: 1, ...names },
        { id: 5, given: "Uma", family: "King" },
      ])
      // Without being executed, it would leave them behind
      expect(() => overwriting.orUpdate(["given"], ["id"]).getQuery()).toThrow("go stale")
      await overwriting.execute()

      const all = await rowsOf(db, "person")
      expect([all[0]?.full_name, all[3]?.full_name]).toEqual([
        fullName("Eva", "Lovelace"),
        fullName("Uma", "King"),
      ])
    })

    test("leave a row as it was whose other part an upsert would make equal to another's", async () => {
      const before = (await rowsOf(db, "person"))[1]

      const equal = people.upsert({ id: 2, family: "Lovelace" }, ["id"])

      await expect(equal).rejects.toMatchObject({ name: "QueryFailedError" })
      expect((await rowsOf(db, "person"))[1]).toEqual(before)
    })

    test("follow one part that is upserted by another unique key", async () => {
      await people.update(1, { account: 7n })
      await people.upsert({ id: 1, account: 7n, family: "King" }, ["id"])

      expect((await stored())?.full_name).toBe(fullName("Ada", "King"))
    })

    test("let no second row have equal values", async () => {
      await expect(
        people.insert({ id: 4, given: "aDA", family: "lovelace" }),
      ).rejects.toMatchObject({
        name: "QueryFailedError",
      })
      await people.upsert({ id: 1, given: "ADA", family: "lovelace", height: 1 }, [
        "given",
        "family",
      ])

      expect(await people.findOneBy({ given: "ada", family: "lovelace" })).toMatchObject({
        id: 1,
        given: "ADA",
        height: 1,
      })
    })
  })
})

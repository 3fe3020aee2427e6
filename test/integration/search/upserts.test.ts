import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, Equal, In, Not, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { rowsOf } from "../stored"
import { emailDigest } from "./expected"
import { Club, Member } from "./model"

@Entity()
class Seat {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) holder!: string | null
}

eachDatabase("a unique blind index as the conflict path of an upsert", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource
  let members: Repository<Member>

  beforeAll(async () => {
    source = await db.connect(
      { entities: [Member, Club, Seat], synchronize: true, logger },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    members = source.getRepository(Member)
  })

  beforeEach(async () => {
    await members.createQueryBuilder().delete().execute()
    await members.insert({ name: "Ada", email: "ada@example.com" })
    logger.statements.length = 0
  })

  // Anew each time, since TypeORM adds what it generated
  const values = () => ({ name: "Ada", email: " ADA@example.com", visits: 3 })
  const insertion = () => members.createQueryBuilder().insert().values(values())

  test.each<readonly [string, () => Promise<unknown>]>([
    ["by the property", () => members.upsert(values(), ["email"])],
    [
      "by the property as a key",
      () => members.upsert(values(), { conflictPaths: { email: true } }),
    ],
    ["by the companion", () => members.upsert(values(), ["email_bidx"])],
    ["of several", () => members.upsert([values(), { name: "Bob", email: "bob@x" }], ["email"])],
    [
      "of orUpdate by the property",
      () => insertion().orUpdate(["visits", "email"], ["email"]).execute(),
    ],
    [
      "of orUpdate by the companion",
      () => insertion().orUpdate(["visits", "email"], ["email_bidx"]).execute(),
    ],
  ])("%s updates the row that has the value", async (_title, upsert) => {
    await upsert()

    const ada = (await rowsOf(db, "member")).filter(({ name }) => name === "Ada")
    expect(ada).toMatchObject([{ visits: 3, email_bidx: emailDigest("ada@example.com") }])
    expect(await members.findOneBy({ email: "Ada@Example.com" })).toMatchObject(values())
  })

  test("leaves the caller's object without new properties of ours", async () => {
    const given = values()
    const { generatedMaps } = await members.upsert(given, ["email"])

    expect(JSON.stringify([given, generatedMaps])).not.toMatch(/bidx|gAAAAA/)
  })

  test("has to be unique, or nothing is sent", async () => {
    const upsert = source.manager.upsert(Club, { code: "old" }, ["code"])

    await expect(upsert).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Club.code",
    })
    expect(logger.statements).toEqual([])
  })

  // Elsewhere TypeORM writes what does not change as well
  if (db.name === "PostgreSQL") {
    const skipping = { conflictPaths: ["id"], skipUpdateIfNoValuesChanged: true }

    test.each<[change: string, values: Partial<Seat>, writes: boolean]>([
      ["that changes nothing", { holder: "ada@x" }, false],
      ["of another value", { holder: "bob@x" }, true],
      ["of NULL", { holder: null }, true],
    ])("skips nothing but what does not change: %s", async (_change, change, writes) => {
      const seats = source.getRepository(Seat)
      await seats.clear()
      await seats.insert({ id: 1, holder: "ada@x" })
      const version = () => db.rawRows("SELECT xmin FROM seat")
      const before = await version()

      await seats.upsert({ id: 1, ...change }, skipping)

      expect(await seats.find()).toEqual([{ id: 1, ...change }])
      expect((await version())[0]?.xmin === before[0]?.xmin).toBe(!writes)
    })

    test("writes a value over one that is not indexed", async () => {
      const seats = source.getRepository(Seat)
      await seats.clear()
      await seats.insert({ id: 1, holder: "ada@x" })
      await db.rawRows("UPDATE seat SET holder_bidx = NULL")

      await seats.upsert({ id: 1, holder: null }, skipping)

      expect(await seats.find()).toEqual([{ id: 1, holder: null }])
    })

    test("is not asked for what no index tells, and nothing is sent", async () => {
      const upsert = members.upsert(values(), {
        conflictPaths: ["email"],
        skipUpdateIfNoValuesChanged: true,
      })

      await expect(upsert).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
        property: "Member.email",
      })
      expect(logger.statements).toEqual([])
    })

    test.each<[condition: string, where: () => unknown]>([
      ["a value", () => ({ holder: "ada@x" })],
      ["Equal", () => ({ holder: Equal("ada@x") })],
      ["In", () => ({ holder: In(["ada@x", "y"]) })],
      ["a negation", () => ({ holder: Not("x") })],
      ["a string", () => "seat.holder = :holder"],
    ])("overwrites under a condition: %s", async (_condition, where) => {
      const seats = source.getRepository(Seat)
      await seats.clear()
      await seats.insert([
        { id: 1, holder: "ada@x" },
        { id: 2, holder: "x" },
      ])
      const overwriteCondition = { where: where() as never, parameters: { holder: "ada@x" } }
      const upsert = seats
        .createQueryBuilder()
        .insert()
        .values([
          { id: 1, holder: "new@x" },
          { id: 2, holder: "new@x" },
        ])
        .orUpdate(["holder"], ["id"], { overwriteCondition })

      // TypeORM 0.3.17 knows no such condition
      if (!upsert.getQuery().includes("WHERE")) return
      await upsert.execute()

      expect(await seats.find({ order: { id: "ASC" } })).toEqual([
        { id: 1, holder: "new@x" },
        { id: 2, holder: "x" },
      ])
    })
  }

  if (db.name !== "SQLite") {
    test("is in none of the rows that are returned", async () => {
      // It returns none
      if (db.options().type === "mysql") return
      const builder = members.createQueryBuilder().insert().values({ name: "Eve", email: "eve@x" })
      const { generatedMaps } = await builder.returning("*").execute()

      expect(generatedMaps).toMatchObject([{ name: "Eve", email: "eve@x" }])
      expect(JSON.stringify(generatedMaps)).not.toContain("bidx")
    })
  }
})

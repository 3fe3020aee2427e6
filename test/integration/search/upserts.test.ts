import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import type { DataSource, Repository } from "typeorm"

import { withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { rowsOf } from "../stored"
import { emailDigest } from "./expected"
import { Club, Member } from "./model"

eachDatabase("a unique blind index as the conflict path of an upsert", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource
  let members: Repository<Member>

  beforeAll(async () => {
    source = await db.connect({ entities: [Member, Club], synchronize: true, logger }, (unbound) =>
      withEncryption(unbound, { keyring }),
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
    [
      "that skips what does not change",
      () =>
        members.upsert(values(), { conflictPaths: ["email"], skipUpdateIfNoValuesChanged: true }),
    ],
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

  if (db.name !== "SQLite") {
    test("is in none of the rows that are returned", async () => {
      const builder = members.createQueryBuilder().insert().values({ name: "Eve", email: "eve@x" })
      const { generatedMaps } = await builder.returning("*").execute()

      expect(generatedMaps).toMatchObject([{ name: "Eve", email: "eve@x" }])
      expect(JSON.stringify(generatedMaps)).not.toContain("bidx")
    })
  }
})

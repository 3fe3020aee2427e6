import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn, type SelectQueryBuilder } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { rowsOf } from "../stored"

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
}

type Builder = SelectQueryBuilder<Account>

eachDatabase("a string of a query builder", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource

  beforeAll(async () => {
    source = await db.connect({ entities: [Account], synchronize: true, logger }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
  })

  beforeEach(async () => {
    await source.manager.clear(Account)
    await source.manager.insert(Account, [
      { id: 1, email: "MARKER-ada" },
      { id: 2, email: "MARKER-bob" },
      { id: 3, email: null },
    ])
    logger.statements.length = 0
  })

  const builder = (): Builder => source.createQueryBuilder(Account, "a").orderBy("a.id")
  const idsOf = async (query: Builder) => (await query.getMany()).map(({ id }) => id)
  const sent = () => JSON.stringify(logger.statements)
  const ada = { ada: "MARKER-ada" }

  test("is answered by the index, and no value leaves", async () => {
    const escaped = `${db.escape("a")}.${db.escape("email")}`

    expect(await idsOf(builder().where("a.email = :ada", ada))).toEqual([1])
    expect(await idsOf(builder().where(`${escaped} = :ada`, ada))).toEqual([1])
    expect(await idsOf(builder().where("NOT (a.email = :ada)", ada))).toEqual([2])
    expect(await idsOf(builder().where("a.email NOT IN (:...all)", { all: [ada.ada] }))).toEqual([
      2,
    ])
    expect(await idsOf(builder().where("a.email IS NULL OR :ada = a.email", ada))).toEqual([1, 3])
    if (db.name === "PostgreSQL") {
      const all = { all: [ada.ada, "MARKER-bob"] }
      expect(await idsOf(builder().where("a.email = ANY(:all)", all))).toEqual([1, 2])
      expect(await idsOf(builder().where("a.email = ANY(:all::text[])", all))).toEqual([1, 2])
      expect(await idsOf(builder().where("a.email = :ada::varchar", ada))).toEqual([1])
      expect(
        await idsOf(builder().where("a.email IN (:ada::text, :x)", { ...ada, x: "" })),
      ).toEqual([1])
      expect(
        await idsOf(builder().where("$$a.email = :ada$$ <> $x$$$ a.email$x$ AND a.id > 1")),
      ).toEqual([2, 3])
    }
    expect(sent()).not.toContain("MARKER")
  })

  const testOnMariaDb = db.name === "MariaDB" ? test : test.skip
  testOnMariaDb("is read in MariaDB's double quotes of ANSI_QUOTES", async () => {
    const runner = source.createQueryRunner()
    await runner.query("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
    const ansi = (): Builder => builder().setQueryRunner(runner)

    try {
      expect(await idsOf(ansi().where('"a"."email" = :ada', ada))).toEqual([1])
      expect(await idsOf(ansi().where('"email" = :ada OR "a"."id" = 3', ada))).toEqual([1, 3])
      await expect(idsOf(ansi().where('LOWER("email") = :ada', ada))).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
      })
      expect(sent()).not.toContain("MARKER")
    } finally {
      // It goes back to the pool
      await runner.query("SET SESSION sql_mode = DEFAULT")
      await runner.release()
    }
  })

  test("chooses what is changed", async () => {
    await source.createQueryBuilder().delete().from(Account).where("email = :ada", ada).execute()

    expect((await rowsOf(db, "account")).map(({ id }) => id)).toEqual([2, 3])
    expect(sent()).not.toContain("MARKER")
  })

  test.each([
    "a.email LIKE :ada",
    "LOWER(a.email) = :ada",
    "a.email = 'MARKER-ada'",
    "a.email > :ada",
    "a.email = :ada COLLATE x",
  ])("is refused before it is sent: %s", async (where) => {
    await expect(idsOf(builder().where(where, ada))).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Account.email",
    })
    await expect(idsOf(builder().orderBy("LOWER(a.email)"))).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
    expect(logger.statements).toEqual([])
  })
})

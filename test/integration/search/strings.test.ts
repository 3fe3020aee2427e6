import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type SelectQueryBuilder } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { rowsOf } from "../stored"

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
  @Column({ nullable: true }) flag?: boolean
  @EncryptedColumn({ nullable: true }) key?: string | null
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

  test("is answered in what a column is set to, in an upsert as well", async () => {
    const accounts = source.getRepository(Account)
    const flags = async () =>
      (await accounts.find({ order: { id: "ASC" } })).map(({ flag }) => flag)
    const update = () => accounts.createQueryBuilder().update()

    await update()
      .set({ flag: () => "email = :ada", email: "MARKER-eve" })
      .where("id = 1")
      .setParameters(ada)
      .execute()
    await accounts.upsert({ id: 2, email: "MARKER-bob", key: "MARKER-key" }, ["id"])
    await update()
      .set({ flag: () => "CASE WHEN :bob = email THEN TRUE END" })
      .where("id = 2")
      .setParameters({ bob: "MARKER-bob" })
      .execute()

    expect(await accounts.findOneBy({ id: 2 })).toMatchObject({ key: "MARKER-key" })
    expect((await flags()).map(Boolean)).toEqual([true, true, false])
    expect(await idsOf(builder().where("a.email = :eve", { eve: "MARKER-eve" }))).toEqual([1])
    // MySQL would compare with what was set
    const late = update().set({ email: "MARKER-bob", flag: () => "email = :ada" })
    const [set] = await Promise.allSettled([late.where("id = 3").setParameters(ada).execute()])
    expect(set.status).toBe(db.name === "MariaDB" ? "rejected" : "fulfilled")
    expect(sent()).not.toContain("MARKER")
  })

  test.each([
    ["a value from its cell", () => ({ flag: () => "LENGTH(email) > 3" })],
    ["another column from its cell", () => ({ id: () => "email" })],
    ["what a string assigns", () => ({ flag: () => "TRUE, email = :ada" })],
  ])("is refused before it is sent in SET: %s", async (_what, set) => {
    const update = source.createQueryBuilder().update(Account).set(set()).setParameters(ada)

    await expect(update.execute()).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expect(logger.statements).toEqual([])
  })

  test("is returned decrypted by its own name, and in no other form", async () => {
    const deleting = (returning: string) =>
      source.createQueryBuilder().delete().from(Account).where("id = 1").returning(returning)
    if (!source.driver.isReturningSqlSupported("delete")) return

    for (const form of [
      "UPPER(email)",
      "email AS e",
      "id, email e",
      "(email)",
      "COALESCE(:ada, email)",
    ]) {
      await expect(deleting(form).setParameters(ada).execute()).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
      })
    }
    expect(logger.statements).toEqual([])
    const form = "id, email, (email = :ada) AS hit"
    const result = await deleting(form).setParameters(ada).execute()

    const [row] = result.raw as readonly [{ id: number; email: string; hit: unknown }]
    expect([row.id, row.email, Boolean(row.hit)]).toEqual([1, ada.ada, true])
    expect(sent()).not.toContain("MARKER")
  })

  const onPostgres = () => {
    test.each([
      "a::text LIKE :ada",
      '"a"::text LIKE :ada',
      "A :: text LIKE :ada",
      "to_jsonb(a) ->> 'email' = :ada",
      "to_jsonb(a.*) ->> 'email' = :ada",
      "a = :ada",
      "a IS DISTINCT FROM :ada",
      "a.id IN (SELECT x.id FROM account x WHERE x::text LIKE :ada)",
      "a.id IN (SELECT x.id FROM account x NATURAL JOIN account y)",
      'a.id IN (SELECT x.id FROM account x WHERE x.U&"e\\006dail" LIKE :ada)',
      `a.U&"e!+00006Dail" UESCAPE '!' LIKE :ada`,
    ])("is refused before it is sent, by no name of its own: %s", async (where) => {
      await expect(idsOf(builder().where(where, ada))).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
        property: "Account.email",
      })
      expect(logger.statements).toEqual([])
    })

    test.each<readonly [string, readonly number[]]>([
      ["a IS NOT NULL OR a.id = 3", [3]],
      ["1 = (SELECT COUNT(x) FROM account x WHERE x.id = a.id)", [1, 2, 3]],
      ["a.id IN (SELECT y.id FROM (SELECT x.* FROM account x) y WHERE y.id > 1)", [2, 3]],
      [`a.U&"\\0065mail" = :ada`, [1]],
    ])("is answered: %s", async (where, ids) => {
      expect(await idsOf(builder().where(where, ada))).toEqual(ids)
      expect(sent()).not.toContain("MARKER")
    })

    test("is locked by its alias", async () => {
      await source.transaction(async (manager) => {
        const locked = manager
          .createQueryBuilder(Account, "a")
          .setLock("pessimistic_write", undefined, ["a"])

        expect(await locked.where("a.id = 1").getMany()).toHaveLength(1)
      })
    })
  }
  if (db.name === "PostgreSQL") describe("that names no column", onPostgres)

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

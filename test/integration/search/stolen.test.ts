import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { Brackets, type DataSource, Entity, PrimaryColumn, type SelectQueryBuilder } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { rowsOf } from "../stored"
import { Club, Member } from "./model"
import { type Asking, queryForms } from "./query-forms"

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email!: string | null
  @EncryptedColumn({ nullable: true, plaintext: "allow", blindIndex: true }) phone!: string | null
}

type Builder = SelectQueryBuilder<Account>

/** Ways of a string to seek `:v` in a property, and a list `:...list` of it. */
const strings: readonly (readonly [string, (builder: Builder, property: string) => Builder])[] = [
  ["=", (b, p) => b.where(`a.${p} = :v`)],
  ["a parameter first", (b, p) => b.where(`:v = a.${p}`)],
  ["IN", (b, p) => b.where(`a.${p} IN (:...list)`)],
  ["<>", (b, p) => b.where(`NOT (a.${p} <> :v)`)],
  ["NOT IN", (b, p) => b.where(`NOT (a.${p} NOT IN (:...list))`)],
  ["LIKE", (b, p) => b.where(`a.${p} LIKE :v`)],
  ["a function", (b, p) => b.where(`LOWER(a.${p}) = LOWER(:v)`)],
  ["a name by itself", (b, p) => b.where(`${p} = :v`)],
  ["Brackets", (b, p) => b.where(new Brackets((inner) => inner.where(`a.${p} = :v`)))],
  ["a sub-query", (b, p) => b.where(`a.id IN (SELECT o.id FROM account o WHERE o.${p} = :v)`)],
  ["HAVING", (b, p) => b.select("a.id").groupBy("a.id").having(`MAX(a.${p}) = :v`)],
  ["a join", (b, p) => b.innerJoin(Account, "o", `o.${p} = :v`)],
  ["CASE", (b, p) => b.where(`CASE WHEN a.${p} = :v THEN 1 ELSE 0 END = 1`)],
]

eachDatabase("what was copied from a table, or is a marker", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource
  let token: string

  beforeAll(async () => {
    source = await db.connect(
      { entities: [Account, Member, Club], synchronize: true, logger },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    await source.manager.insert(Account, { id: 1, email: "ada@x", phone: "1" })
    const [row] = await rowsOf(db, "account")
    token = String(row?.email)
  })

  beforeEach(() => {
    logger.statements.length = 0
  })

  /** Finds nothing, or throws, and sends nothing of what is sought. */
  async function expectNothing(ask: () => Promise<unknown>, sought: string): Promise<void> {
    const found: unknown = await Promise.resolve()
      .then(ask)
      .catch(() => [])

    expect([[], 0, null, false]).toContainEqual(found)
    expect(JSON.stringify(logger.statements)).not.toContain(sought)
  }

  const seeking = (build: (typeof strings)[number][1], property: string, value: string): Builder =>
    build(source.createQueryBuilder(Account, "a"), property).setParameters({
      v: value,
      list: [value, "x"],
    })

  test.each(strings)("as the value of a string finds nothing: %s", async (_way, build) => {
    for (const property of ["email", "phone"]) {
      await expectNothing(() => seeking(build, property, token).getMany(), token)
      await expectNothing(() => seeking(build, property, token).getRawMany(), token)
      await expectNothing(() => seeking(build, property, token).getCount(), token)
    }
    await expectNothing(() => seeking(build, "email", "MARKER").getMany(), "MARKER")
  })

  test.each(queryForms.map((form) => [form.title, form] as const))(
    "as the value of an object is refused, or sought by nothing but its index: %s",
    async (_title, { ask, needsNoIndex }) => {
      const members = source.getRepository(Member)
      await members.delete({ name: "Ada" })
      await members.insert({ name: "Ada", email: "ada@x", contact: { phone: "1" } })
      const [row] = await rowsOf(db, "member")
      const stolen = { email: String(row?.email), phone: String(row?.contactPhone) }
      logger.statements.length = 0
      const asking: Asking = { dataSource: source, members, ...stolen }
      const asked = async (): Promise<unknown> => ask(asking)

      if (needsNoIndex) await asked()
      else await expect(asked()).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
      expect(JSON.stringify(logger.statements)).not.toContain(stolen.email)
      await ask({ ...asking, email: "MARKER@x", phone: "MARKER 7" })
      expect(JSON.stringify(logger.statements)).not.toContain("MARKER")
    },
  )

  test("chooses no row that an UPDATE or DELETE changes", async () => {
    const before = await rowsOf(db, "account")
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => source.manager.delete(Account, { email: token }),
      () => source.manager.update(Account, { email: token }, { phone: "2" }),
      () =>
        source
          .createQueryBuilder()
          .delete()
          .from(Account)
          .where("email = :token", { token })
          .execute(),
      () =>
        source
          .createQueryBuilder()
          .update(Account)
          .set({ phone: "2" })
          .where("email IN (:...tokens)", { tokens: [token] })
          .execute(),
    ]

    for (const attempt of attempts) {
      await expect(Promise.resolve().then(attempt)).rejects.toMatchObject({
        code: "ERR_ALREADY_ENCRYPTED",
      })
    }
    expect(await rowsOf(db, "account")).toEqual(before)
  })
})

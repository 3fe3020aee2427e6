import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource, Repository } from "typeorm"

import { withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { open, rowsOf } from "../stored"
import { emailDigest, phoneDigest } from "./expected"
import { Club, Member } from "./model"
import { type QueryForm, queryForms } from "./query-forms"
import { writePaths } from "./write-paths"

const before = { email: "ada@example.com", phone: "(030) 1-1" }
const after = { email: " Ada.L@Example.org", phone: "030 / 2-2" }

eachDatabase("a blind index", (db) => {
  const logger = new RecordingLogger()
  let dataSource: DataSource
  let members: Repository<Member>

  beforeAll(async () => {
    dataSource = await db.connect(
      { entities: [Member, Club], synchronize: true, logger },
      (source) => withEncryption(source, { keyring }),
    )
    members = dataSource.getRepository(Member)
  })

  beforeEach(async () => {
    await dataSource.createQueryBuilder().delete().from(Member).execute()
    await dataSource.createQueryBuilder().delete().from(Club).execute()
  })

  describe.each(writePaths)("after $title", ({ inserts, write }) => {
    test("holds what the formula says, and every query finds the row by its value", async () => {
      const id = await prepare(inserts ?? false)

      await write({ dataSource, members, id }, after.email, after.phone)

      const ada = (await rowsOf(db, "member")).find(({ name }) => name === "Ada")
      expect(open(ada?.email)).toBe(after.email)
      expect(ada?.email_bidx).toBe(emailDigest(after.email))
      expect(ada?.contactPhone_bidx).toBe(phoneDigest(after.phone))
      await members
        .createQueryBuilder()
        .relation("club")
        .of(ada?.id)
        .set(await clubId())
      const all = await members.find()
      for (const form of queryForms) await expectAnswer(form, after, all)
      expect(await members.findBy({ email: before.email })).toEqual([])
      await expectNoUpdateOfUnchanged()
      expect(await members.findBy({ contact: { phone: before.phone } })).toEqual([])
    })
  })

  /** Two members, or three; returns the id of Ada. */
  async function prepare(inserts: boolean): Promise<string> {
    await members.insert([
      { name: "Bob", email: "bob@example.com", contact: { phone: "3" } },
      { name: "Cleo", email: null, contact: { phone: null } },
    ])
    await dataSource.manager.insert(Club, { code: "old" })
    if (inserts) return ""
    const { email, phone } = before
    return (await members.save({ name: "Ada", email, contact: { phone } })).id
  }

  async function expectNoUpdateOfUnchanged(): Promise<void> {
    const unchanged = await members.find({ where: { name: "Ada" }, relations: { club: true } })
    logger.statements.length = 0
    await members.save(unchanged)
    expect(logger.statements.filter(({ sql }) => /^\s*UPDATE/i.test(sql))).toEqual([])
    expect(JSON.stringify(unchanged)).not.toContain("bidx")
  }

  async function clubId(): Promise<number> {
    return (await dataSource.manager.findOneByOrFail(Club, { code: "old" })).id
  }

  async function expectAnswer(
    form: QueryForm,
    sought: typeof after,
    all: readonly Member[],
  ): Promise<void> {
    const { title, finds = ({ isSought }) => isSought, needsNoIndex } = form
    const expected = all.filter(({ email }) =>
      finds({
        isSought: typeof email === "string" && emailDigest(email) === emailDigest(sought.email),
        hasEmail: typeof email === "string",
      }),
    )
    logger.statements.length = 0

    const answer = await form.ask({ dataSource, members, ...sought })

    const names = expected.map(({ name }) => name).sort()
    expect([title, typeof answer === "number" ? answer : [...answer].sort()]).toEqual([
      title,
      typeof answer === "number" ? names.length : names,
    ])
    expectNoPlaintext(sought)
    if (!needsNoIndex) expectIndexed(title, emailDigest(sought.email))
  }

  function expectNoPlaintext({ email, phone }: typeof after): void {
    const sent = JSON.stringify(logger.statements)
    const secrets = [email, email.trim().toLowerCase(), phone, phone.replaceAll(/\D/g, "")]
    expect(
      secrets.filter((secret) => sent.includes(`"${secret}"`) || sent.includes(`'${secret}'`)),
    ).toEqual([])
  }

  function expectIndexed(title: string, digest: string): void {
    const asked = logger.statements.filter(({ parameters }) => parameters.includes(digest))
    const parameter = /(?:\$\d+|\?)/.source
    const comparison = new RegExp(
      `email_bidx["\`]?(?:(?: NOT)? IN \\(${parameter}(?:, ?${parameter})*\\)| !?= ${parameter})`,
    )
    expect([title, asked.length > 0, asked.every(({ sql }) => comparison.test(sql))]).toEqual([
      title,
      true,
      true,
    ])
    expect(asked.filter(({ sql }) => sql.includes(digest))).toEqual([])
  }
})

import { subscribe, unsubscribe } from "node:diagnostics_channel"

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  PrimaryColumn,
  type Repository,
  type SelectQueryBuilder,
} from "typeorm"

import { EncryptedColumn, type UnansweredStringEvent, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class User {
  @PrimaryColumn() id!: number
  @Column({ default: 0 }) n!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
  @EncryptedColumn({ nullable: true }) notes?: string | null
  @EncryptedColumn({ nullable: true, codec: "number", blindIndex: true }) height?: number | null
}

type Builder = SelectQueryBuilder<User>

describe('strings: "warn"', () => {
  const logger = new RecordingLogger()
  const events: UnansweredStringEvent[] = []
  const listen = (event: unknown) => events.push(event as UnansweredStringEvent)
  let source: DataSource
  let users: Repository<User>

  beforeAll(async () => {
    source = withEncryption(memorySource([User], { logger }), { keyring, strings: "warn" })
    users = (await source.initialize()).getRepository(User)
    await users.insert([
      { id: 1, n: 1, email: "ada", notes: "x", height: 1.5 },
      { id: 2, n: 2, email: "bob" },
    ])
  })

  beforeEach(() => {
    events.length = 0
    logger.entries.length = 0
    subscribe("typeorm-fernet:string.unanswered", listen)
  })

  afterEach(() => {
    unsubscribe("typeorm-fernet:string.unanswered", listen)
  })

  const builder = (): Builder => users.createQueryBuilder("u").orderBy("u.id")
  const idsOf = async (query: Builder) => (await query.getMany()).map(({ id }) => id)

  test("answers by the index what it can, and tells nothing of it", async () => {
    expect(await idsOf(builder().where("u.email = :email", { email: "ada" }))).toEqual([1])
    expect(JSON.stringify(logger.entries)).not.toContain("ada")
    expect(events).toEqual([])
  })

  test.each<readonly [string, string, readonly number[], (b: Builder) => Builder]>([
    ["a pattern", "email", [], (b) => b.where("u.email LIKE :email", { email: "secret%" })],
    ["no index", "notes", [], (b) => b.where("u.notes = :x", { x: "secret" })],
    ["a text", "email", [], (b) => b.where("u.email = 'secret'")],
    ["a list as a value", "email", [], (b) => b.where("u.email = :e", { e: ["secret"] })],
    ["a list of orders", "email", [1, 2], (b) => b.orderBy("u.n, u.email")],
    ["an order by an expression", "email", [1, 2], (b) => b.orderBy("LENGTH(u.email) > 0, u.n")],
    ["what the codec refuses", "height", [], (b) => b.where("u.height = :h", { h: "1.5" })],
  ])("sends what nothing answers as it is: %s", async (_what, column, ids, build) => {
    // SQLite binds no list
    const found = await idsOf(build(builder())).catch((error: unknown) => (error as Error).name)

    expect(found === "QueryFailedError" ? [] : found).toEqual(ids)
    expect(logger.statements.filter((sql) => !sql.includes("AS missing"))).toHaveLength(1)
    expect(events).toEqual([
      {
        column: `User.${column}`,
        message: expect.stringContaining(`User.${column}`),
        callSite: expect.stringMatching(/unanswered-strings\.test\.ts:\d+:\d+$/),
        count: 1,
      },
    ])
    expect(JSON.stringify(events)).not.toContain("secret")
  })

  test("counts how often each has been told from one place", async () => {
    for (let i = 0; i < 3; i++) await idsOf(builder().where("u.email < :email", { email: "a" }))
    await idsOf(builder().where("u.email > :email", { email: "a" }))

    expect(events.map(({ count }) => count)).toEqual([1, 2, 3, 1])
  })

  test("names the place where a write is executed", async () => {
    await users
      .createQueryBuilder()
      .update()
      .set({ n: 3, email: "eve" })
      .where("email LIKE :email", { email: "x%" })
      .execute()

    expect(events).toMatchObject([{ column: "User.email" }])
    expect(events[0]?.callSite).toContain("unanswered-strings.test.ts")
  })

  test("finds the application where source maps show TypeORM in another folder", async () => {
    const shown: unknown = Reflect.get(Error, "prepareStackTrace")
    const folder = /^.*node_modules.typeorm./
    Error.prepareStackTrace = (_error, sites) => {
      const files = sites.map((site) => (site.getFileName() ?? "").replace(folder, "/app/src/"))
      return ["Error", ...files.map((file) => `    at ${file}:1:1`)].join("\n")
    }

    await idsOf(builder().where("u.email LIKE :email", { email: "x%" }))

    Object.assign(Error, { prepareStackTrace: shown })
    expect(events[0]?.callSite).toContain("unanswered-strings.test.ts")
  })

  test.each<readonly [string, (b: Builder) => unknown]>([
    ["an order", (b) => b.orderBy("u.email").getMany()],
    ["a group", (b) => b.select("COUNT(*)").groupBy("u.email").getRawMany()],
    ["an aggregate", (b) => b.select("MAX(u.email)", "m").getRawMany()],
    ["an aggregate of a repository", () => users.maximum("height" as "n")],
    ["a condition in an object", (b) => b.where({ notes: "x" }).getMany()],
  ])("throws as before what never ran: %s", async (_what, run) => {
    const error = await rejection(Promise.resolve().then(() => run(builder())))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expect(logger.statements).toEqual([])
    expect(events).toEqual([])
  })

  test("refuses a token as the value, whatever it is compared by", async () => {
    const [{ notes: token }] = await source.query<[{ notes: string }]>("SELECT notes FROM user")

    for (const where of ["u.notes = :token", "u.email LIKE :token", "u.notes IN (:...list)"]) {
      const error = await rejection(idsOf(builder().where(where, { token, list: ["a", token] })))
      expect(error).toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    }
    expect(events).toEqual([])
  })

  test("shows no sought value in the error of getOneOrFail", async () => {
    const query = builder().where("u.notes = :notes AND u.n = :n", { notes: "secret", n: 1 })

    const error = await rejection(query.getOneOrFail())

    expect(error.name).toBe("EntityNotFoundError")
    expect(String(error.stack)).not.toContain("secret")
  })

  test("is a choice of two", async () => {
    const bind = () => withEncryption(memorySource([User]), { keyring, strings: "log" as "warn" })

    expect(bind).toThrow(/strings of withEncryption\(\) is neither "throw" nor "warn"/)
    expect(await rejection(Promise.resolve().then(bind))).toMatchObject({
      code: "ERR_COLUMN_MISUSE",
    })
  })
})

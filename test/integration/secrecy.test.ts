import { inspect } from "node:util"

import { afterEach, beforeAll, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  Equal,
  In,
  Like,
  Not,
  PrimaryGeneratedColumn,
  QueryFailedError,
  Raw,
  type Repository,
} from "typeorm"

import { decryptRaw, EncryptedColumn, encryptFor, Fernet, Keyring, withEncryption } from "../../src"
import { reachableText } from "../binding/reachable-text"
import { RecordingLogger } from "../binding/recording-logger"
import { eachDatabase } from "../support/databases"
import { keys } from "../support/keys"

@Entity()
class Account {
  @PrimaryGeneratedColumn() id!: number
  @Column({ type: "varchar", length: 50, unique: true }) name!: string
  @Column({ type: "varchar", length: 50 }) city!: string
  @EncryptedColumn({ nullable: true }) ssn?: string | null
  @EncryptedColumn({ nullable: true, codec: "json" }) history?: unknown
  @EncryptedColumn({ nullable: true, codec: "number" }) pin?: number | null
  @EncryptedColumn({ nullable: true, type: "varchar", length: 100 }) short?: string | null
}

const MARKER = "marker-078-05-1120"
const key = Buffer.from(keys.first, "base64url")
const secrets = [
  MARKER,
  keys.first,
  keys.first.slice(0, -1),
  encodeURIComponent(keys.first),
  ...(["hex", "base64", "base64url", "latin1"] as const).flatMap((spelling) => [
    key.toString(spelling),
    key.subarray(0, 16).toString(spelling).replace(/=+$/, ""),
    key.subarray(16).toString(spelling).replace(/=+$/, ""),
  ]),
]

function expectNoSecret(...evidence: unknown[]): void {
  for (const value of evidence) {
    const shown = [inspect(value, { showHidden: true, depth: 4 }), reachableText(value)]
    try {
      shown.push(JSON.stringify(value))
    } catch {
      // Cannot be serialized, so no secret leaves this way
    }
    const text = shown.join("\n")
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  }
}

/** What attempts fail with; all of them must. */
async function failures(...attempts: (() => unknown)[]): Promise<Error[]> {
  const errors: Error[] = []
  for (const attempt of attempts) {
    try {
      await attempt()
    } catch (error) {
      errors.push(error as Error)
    }
  }
  expect(errors).toHaveLength(attempts.length)
  return errors
}

eachDatabase("secrets", (db) => {
  const logger = new RecordingLogger()
  const ring = new Keyring([keys.first])
  let source: DataSource
  let accounts: Repository<Account>

  beforeAll(async () => {
    source = await db.connect(
      { entities: [Account], synchronize: true, cache: true, logger, logging: "all" },
      (unbound) => withEncryption(unbound, { keyring: () => [keys.first] }),
    )
    accounts = source.getRepository(Account)
  })
  afterEach(() => accounts.clear())

  const secret = { ssn: MARKER, history: { [MARKER]: [MARKER] } }
  const save = () => accounts.save({ name: "Ada", city: "Ulm", ...secret })

  test("would be found if they were there", () => {
    const hidden = Object.defineProperty({}, "x", { value: new Map([[1, { key }]]) })

    expect(() => {
      expectNoSecret(new Error(`no ${MARKER}`))
    }).toThrow(MARKER)
    expect(() => {
      expectNoSecret(hidden)
    }).toThrow(key.toString("hex"))
  })

  test("are in no log of statements that succeed", async () => {
    const account = await save()
    await accounts.save(Object.assign(account, { ssn: `${MARKER}!` }))
    await accounts.insert([{ name: "Eve", city: "Ulm", ...secret }])
    await accounts.update({ name: "Eve" }, { ssn: MARKER })
    await accounts.upsert({ name: "Eve", city: "Bonn", ssn: MARKER }, ["name"])
    await accounts.find()
    await accounts.createQueryBuilder().update().set({ ssn: MARKER }).where("id > 0").execute()
    await accounts.remove(account)

    expect(logger.statements.length).toBeGreaterThan(8)
    expectNoSecret(logger.entries)
  })

  test("are in no error of a statement that fails", async () => {
    await save()
    logger.entries.length = 0

    const errors = await failures(
      save,
      () => accounts.insert({ name: "Ada", city: "Ulm", ...secret }),
      () => accounts.insert({ name: "Bob", ...secret }),
      () => accounts.insert({ name: "n".repeat(60), city: null as never, ...secret }),
      () => accounts.createQueryBuilder().update().set(secret).where("nowhere = 1").execute(),
      () => accounts.upsert({ name: "Bob", ...secret }, ["name"]),
    )

    // better-sqlite3's refusal to prepare a statement is not wrapped
    expect(errors.filter((error) => error instanceof QueryFailedError).length).toBeGreaterThan(3)
    expectNoSecret(...errors, logger.entries)
  })

  test("are in no error of a query that is refused", async () => {
    await save()

    const errors = await failures(
      () => accounts.findOneByOrFail({ ssn: MARKER }),
      () => accounts.findOneOrFail({ where: { ssn: Equal(MARKER) } }),
      () => accounts.findBy({ ssn: Not(MARKER) }),
      () => accounts.findBy({ ssn: In([MARKER]) }),
      () => accounts.findBy({ ssn: Like(`%${MARKER}%`) }),
      () => accounts.findBy({ ssn: Raw((alias) => `${alias} = '${MARKER}'`) }),
      () => accounts.delete({ ssn: MARKER }),
      () => accounts.update({ ssn: Not(MARKER) }, { city: "Rom" }),
      () => accounts.createQueryBuilder("a").where({ ssn: MARKER }).getOneOrFail(),
      () =>
        accounts
          .createQueryBuilder()
          .update()
          .set({ ssn: () => `'${MARKER}'` })
          .execute(),
      () => accounts.findOneOrFail({ where: { name: "nobody", ssn: MARKER } }),
    )

    for (const error of errors) expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expectNoSecret(...errors, logger.entries)
  })

  test("are in no error of a value that cannot be written", async () => {
    const token = ring.encrypt(MARKER)

    const errors = await failures(
      () => accounts.save({ name: "a", city: "b", pin: MARKER as never }),
      () => accounts.insert({ name: "a", city: "b", ssn: [MARKER] as never }),
      () => accounts.insert({ name: "a", city: "b", ssn: `${MARKER}\ud83d` }),
      () => accounts.insert({ name: "a", city: "b", short: MARKER }),
      () => accounts.insert({ name: "a", city: "b", history: (() => MARKER) as never }),
      () => accounts.insert({ name: "a", city: "b", ssn: Equal(MARKER) as never }),
      () => accounts.insert({ name: "a", city: "b", ssn: token }),
      () => encryptFor(source, Account, "pin", MARKER),
      () => encryptFor(source, Account, MARKER.slice(0, 6), MARKER),
    )

    expectNoSecret(...errors, logger.entries)
    expect(reachableText(errors)).not.toContain(token)
  })

  test("are in no error of a cell that cannot be read", async () => {
    await save()
    const overwrite = (cell: string) => () =>
      db
        .rawRows(`UPDATE ${db.escape("account")} SET ${db.escape("pin")} = '${cell}'`)
        .then(() => accounts.find())
    const token = ring.encrypt(MARKER)

    const errors = await failures(
      overwrite(MARKER),
      overwrite(token),
      overwrite(token.slice(0, -4)),
      overwrite(`${token.slice(0, -5)}A${token.slice(-4)}`),
      () => decryptRaw(source, Account, { ssn: MARKER }),
      () => ring.decrypt(token.slice(0, -4)),
      () => new Fernet(keys.first).decrypt(MARKER),
    )

    expectNoSecret(...errors, logger.entries)
    expect(reachableText(errors)).not.toContain(token.slice(0, -5))
  })

  test("are in no error about keys", async () => {
    const initialize = (keyring: () => string) => () =>
      withEncryption(new (source.constructor as typeof DataSource)(db.options()), {
        keyring,
      }).initialize()

    const errors = await failures(
      initialize(() => `${keys.first},${keys.first}`),
      initialize(() => keys.first.slice(0, -1)),
      initialize(() => key.toString("hex")),
      initialize(() => `"${keys.first}"`),
      initialize(() => JSON.parse(keys.first) as string),
      () => new Keyring([keys.first, keys.first]),
      () => new Fernet(`${keys.first} `),
      () => Keyring.fromEnv({ ENCRYPTION_KEY: `${keys.first},` }),
      () => Keyring.fromEnv({ ENCRYPTION_KEY_FILE: keys.first }),
    )

    expectNoSecret(...errors)
  })

  test("are not in the table of cached results", async () => {
    await save()

    const [first] = await accounts.find({ cache: true })
    const [again] = await accounts.find({ cache: true })

    expect(again).toEqual(first)
    expect(again).toMatchObject(secret)
    const rows = await db.rawRows(`SELECT * FROM ${db.escape("query-result-cache")}`)
    expect(rows.length).toBeGreaterThan(0)
    expectNoSecret(rows)
  })

  test("are not reachable from the DataSource, a keyring or its parts", async () => {
    await save()
    await accounts.find()

    expectNoSecret(source, ring, new Fernet(keys.first), logger.entries)
    expect(JSON.stringify(ring)).toBe(JSON.stringify({ fingerprints: ring.fingerprints }))
  })
})

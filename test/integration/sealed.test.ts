import { afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  DeleteDateColumn,
  Entity,
  type EntitySubscriberInterface,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Repository,
  type UpdateEvent,
  VersionColumn,
} from "typeorm"

import {
  BlindEqual,
  BlindIn,
  decryptRaw,
  EncryptedColumn,
  encryptFor,
  Keyring,
  Sealed,
  searchFor,
  withEncryption,
} from "../../src"
import { RecordingLogger } from "../binding/recording-logger"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"
import { open, rowsOf } from "./stored"

class Login {
  @EncryptedColumn({ sealed: true, nullable: true }) password!: Sealed<string> | null
}

@Entity()
class Integration {
  @PrimaryGeneratedColumn() id!: number
  @Column({ type: "varchar", length: 50, unique: true }) name!: string
  @EncryptedColumn({ sealed: true, blindIndex: [true, { name: "both", with: ["account"] }] })
  apiKey!: Sealed<string>
  @EncryptedColumn({ sealed: true, nullable: true, blindIndex: true })
  account!: Sealed<string> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "json" })
  headers!: Sealed<unknown> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "number" }) pin!: Sealed<number> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "bigint" }) serial!: Sealed<bigint> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "boolean" }) live!: Sealed<boolean> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "date" }) until!: Sealed<Date> | null
  @EncryptedColumn({ sealed: true, nullable: true, codec: "bytes" })
  seed!: Sealed<Uint8Array> | null
  @EncryptedColumn({ nullable: true }) note!: string | null
  @Column(() => Login) login!: Login
  @OneToMany(() => Hook, (hook) => hook.integration, { cascade: true }) hooks?: Hook[]
  @VersionColumn() version!: number
  @DeleteDateColumn() deletedAt?: Date | null
}

@Entity()
class Hook {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ sealed: true }) secret!: Sealed<string>
  @ManyToOne(() => Integration, (integration) => integration.hooks) integration!: Integration
  @VersionColumn() version!: number
}

const values = {
  apiKey: "key-1",
  account: "acme",
  headers: { authorization: "Bearer 1" },
  pin: 81.5,
  serial: 2n ** 70n,
  live: false,
  until: new Date(5),
  seed: Uint8Array.of(0, 255),
} as const
type Name = keyof typeof values
const names = Object.keys(values) as Name[]

/** How often a token was opened since it was asked last. */
function countedDecryptions(): () => number {
  const doors = (["decrypt", "decryptText", "decryptMany"] as const).map((door) =>
    jest.spyOn(Keyring.prototype, door),
  )
  return () => {
    const count = doors.reduce((sum, { mock }) => sum + mock.calls.length, 0)
    for (const door of doors) door.mockClear()
    return count
  }
}

eachDatabase("a sealed property", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource
  let integrations: Repository<Integration>
  let changed: string[]
  let decryptions: () => number

  beforeAll(async () => {
    const entities = [Integration, Hook]
    source = await db.connect({ entities, synchronize: true, logger, logging: "all" }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    integrations = source.getRepository(Integration)
    const subscriber: EntitySubscriberInterface<Integration> = {
      beforeUpdate: ({ updatedColumns }: UpdateEvent<Integration>) => {
        changed.push(...updatedColumns.map(({ propertyPath }) => propertyPath))
      },
    }
    source.subscribers.push(subscriber)
  })

  beforeEach(async () => {
    await source.createQueryBuilder().delete().from(Hook).execute()
    await source.createQueryBuilder().delete().from(Integration).execute()
    const sealed = Object.fromEntries(names.map((name) => [name, Sealed.of<unknown>(values[name])]))
    const login = { password: Sealed.of("hunter2") }
    const hooks = [{ secret: Sealed.of("hook-1") }, { secret: Sealed.of("hook-2") }]
    await integrations.save(
      integrations.create({ name: "mail", ...sealed, login, hooks, note: "plain" }),
    )
    changed = []
    logger.entries.length = 0
    decryptions = countedDecryptions()
  })

  afterEach(() => {
    jest.restoreAllMocks()
  })

  const load = () =>
    integrations.findOneOrFail({ where: { name: "mail" }, relations: { hooks: true } })
  const row = async () => (await rowsOf(db, "integration"))[0] ?? {}
  const writes = () => logger.statements.filter((one) => /^(INSERT|UPDATE|DELETE)/i.test(one))

  test("of every codec is a token in the database, and the value when it is revealed", async () => {
    const { note, ...integration } = await load()

    expect(note).toBe("plain")
    expect(decryptions()).toBe(1)
    for (const name of names) {
      expect(integration[name]).toBeInstanceOf(Sealed)
      expect(integration[name]?.reveal()).toEqual(
        name === "seed" ? Buffer.from(values.seed) : values[name],
      )
    }
    expect(integration.login.password?.reveal()).toBe("hunter2")
    expect(open((await row()).apiKey)).toBe("key-1")
    expect(open((await row()).headers)).toBe('{"authorization":"Bearer 1"}')
  })

  test("costs no decryption in a list", async () => {
    await source.createQueryBuilder().update(Integration).set({ note: null }).execute()

    const found = await integrations.find({ relations: { hooks: true } })

    expect(found).toHaveLength(1)
    expect(decryptions()).toBe(0)
  })

  test("is NULL as null, and empty as a value", async () => {
    await integrations.save(Object.assign(await load(), { account: null, apiKey: Sealed.of("") }))

    const integration = await load()
    expect(integration.account).toBeNull()
    expect(integration.apiKey.reveal()).toBe("")
  })

  test("shows nothing of the value in JSON of the entity", async () => {
    const integration = await load()

    expect(JSON.parse(JSON.stringify(integration))).toMatchObject({
      ...Object.fromEntries(names.map((name) => [name, "[sealed]"])),
      login: { password: "[sealed]" },
    })
    expect(structuredClone(Object.assign({}, integration, { hooks: [] }))).toMatchObject({
      apiKey: {},
      headers: {},
    })
  })

  test.each([
    ["loaded", (one: Integration) => one],
    ["merged into another", (one: Integration) => integrations.merge(integrations.create(), one)],
    ["created from", (one: Integration) => integrations.create(one)],
    ["preloaded", (one: Integration) => integrations.preload(one)],
    ["spread", (one: Integration) => ({ ...(one as object) })],
  ])("that is unchanged costs nothing where an entity is %s and saved", async (_how, copy) => {
    await source.createQueryBuilder().update(Integration).set({ note: null }).execute()
    const before = [await rowsOf(db, "integration"), await rowsOf(db, "hook")]
    const copied = (await Promise.resolve(copy(await load()))) as Integration
    logger.entries.length = 0
    changed = []
    decryptions()

    await integrations.save(copied)

    expect(decryptions()).toBe(0)
    expect(writes()).toEqual([])
    expect(changed).toEqual([])
    expect([await rowsOf(db, "integration"), await rowsOf(db, "hook")]).toEqual(before)
  })

  test.each(names)("is written alone when %s is changed", async (name) => {
    const before = await row()
    const changes: Record<Name, unknown> = {
      ...{ apiKey: "key-2", account: "umbra", headers: [], pin: 1, serial: 1n, live: true },
      ...{ until: new Date(6), seed: Uint8Array.of(1) },
    }
    await integrations.save(
      Object.assign(await load(), { [name]: Sealed.of<unknown>(changes[name]) }),
    )

    const after = await row()
    expect((await load())[name]?.equals(changes[name] as never)).toBe(true)
    expect(changed.filter((path) => names.includes(path as Name))).toEqual([name])
    for (const other of names) if (other !== name) expect(after[other]).toBe(before[other])
    expect(after.version).toBe(2)
  })

  test.each(names)("is not written when %s is given the value it has", async (name) => {
    for (const value of [Sealed.of<unknown>(values[name]), values[name]]) {
      const integration = Object.assign(await load(), { [name]: value })
      decryptions()
      logger.entries.length = 0
      await integrations.save(integration)

      expect(writes()).toEqual([])
    }
  })

  test("may be given the value itself", async () => {
    await integrations.save(Object.assign(await load(), { apiKey: "key-2" }))

    expect((await load()).apiKey.reveal()).toBe("key-2")
  })

  test("that was read before others changed it is written again, as others are", async () => {
    const integration = await load()
    await integrations.update({ name: "mail" }, { pin: Sealed.of(4) })
    await integrations.save(integration)

    expect((await load()).pin?.reveal()).toBe(values.pin)
  })

  test("that was encrypted anew meanwhile is not written", async () => {
    const integration = await load()
    const cell = encryptFor(source, Integration, "apiKey", "key-1")
    const [table, column] = ["integration", "apiKey"].map((name) => db.escape(name))
    await db.rawRows(`UPDATE ${table ?? ""} SET ${column ?? ""} = '${cell ?? ""}'`)
    logger.entries.length = 0
    await integrations.save(integration)

    expect(writes()).toEqual([])
    expect((await row()).apiKey).toBe(cell)
  })

  test("is found by its value, sealed or not", async () => {
    const { apiKey } = await load()
    const hook = await source.getRepository(Hook).findOneByOrFail({})
    await integrations.save(Object.assign(await load(), { account: Sealed.of("hook-1") }))
    const count = (where: object) => integrations.countBy(where)

    for (const value of ["key-1", Sealed.of("key-1"), apiKey]) {
      expect(await count({ apiKey: value })).toBe(1)
      expect(await count({ apiKey: BlindEqual(value) })).toBe(1)
      expect(await count({ apiKey: BlindIn([value, "other"]) })).toBe(1)
      const builder = integrations.createQueryBuilder("i").where("i.apiKey = :value", { value })
      expect(await builder.getCount()).toBe(1)
      expect(await count({ apiKey: value, account: "hook-1" })).toBe(1)
    }
    expect(await count({ account: hook.secret })).toBe(1)
    expect(await count({ apiKey: Sealed.of("key-2") })).toBe(0)
    expect(searchFor(source, Integration, "apiKey", apiKey)).toEqual(
      searchFor(source, Integration, "apiKey", "key-1"),
    )
  })

  test("is not searched for by a token", async () => {
    const { apiKey } = await row()

    await expect(integrations.findBy({ apiKey: Sealed.of(apiKey as string) })).rejects.toThrow(
      "the value sought is a token",
    )
    expect(() => searchFor(source, Integration, "apiKey", Sealed.of(apiKey))).toThrow("is a token")
  })

  test("has its indexes follow it when one of two properties changes", async () => {
    await integrations.save(Object.assign(await load(), { account: Sealed.of("umbra") }))

    const by = (account: string) =>
      integrations.countBy({ apiKey: Sealed.of("key-1"), account: BlindEqual(account) })
    expect([await by("acme"), await by("umbra")]).toEqual([0, 1])
  })

  test("that is copied to another is encrypted for it", async () => {
    const integration = await load()
    const [hook] = integration.hooks ?? []
    integration.apiKey = hook?.secret ?? integration.apiKey
    await integrations.save(integration)
    const copy = await integrations.save(
      integrations.create({ name: "copy", apiKey: integration.apiKey, login: integration.login }),
    )

    const [original, second] = await rowsOf(db, "integration")
    const cells = [original?.apiKey, second?.apiKey, (await rowsOf(db, "hook"))[0]?.secret]
    expect(new Set(cells).size).toBe(3)
    expect(cells.map(open)).toEqual(["hook-1", "hook-1", "hook-1"])
    const loaded = await integrations.findOneByOrFail({ id: copy.id })
    expect(loaded.login.password?.reveal()).toBe("hunter2")
    expect(await integrations.countBy({ apiKey: Sealed.of("hook-1") as never })).toBe(2)
  })

  test("is written by insert, update and upsert as by save", async () => {
    const { apiKey } = await load()
    const written = { apiKey, account: Sealed.of("umbra") }
    await integrations.insert({ name: "insert", ...written })
    await integrations.upsert({ name: "mail", ...written }, ["name"])
    await integrations
      .createQueryBuilder()
      .update()
      .set({ pin: Sealed.of(4) })
      .where({ name: "insert" })
      .execute()

    const [upserted, inserted] = await rowsOf(db, "integration")
    expect(
      [inserted?.apiKey, upserted?.apiKey, upserted?.account, inserted?.pin].map(open),
    ).toEqual(["key-1", "key-1", "umbra", "4"])
  })

  test("is sealed in what a write returns", async () => {
    if (!source.driver.isReturningSqlSupported("insert")) return
    const builder = integrations.createQueryBuilder()
    const { raw } = (await builder
      .insert()
      .values({ name: "returned", apiKey: Sealed.of("key-3") })
      .returning("*")
      .execute()) as { raw: Record<string, unknown>[] }
    const [returned] = raw

    expect(returned?.apiKey).toBeInstanceOf(Sealed)
    expect((returned?.apiKey as Sealed<string>).reveal()).toBe("key-3")
  })

  test("is sealed in raw rows that went through decryptRaw", async () => {
    const rows = await integrations.createQueryBuilder("i").getRawMany<object>()
    const [{ i_apiKey: apiKey, i_note: note } = {}] = decryptRaw(source, Integration, rows)

    expect(note).toBe("plain")
    expect((apiKey as Sealed<string>).reveal()).toBe("key-1")
    const [mapped] = decryptRaw(source, Integration, [await row()], { apiKey: "apiKey" })
    expect((mapped?.apiKey as Sealed<string>).reveal()).toBe("key-1")
  })

  test("that cannot be opened leaves its list alone, and says which row it is when revealed", async () => {
    const [table, column] = ["integration", "apiKey"].map((name) => db.escape(name))
    const foreign = new Keyring([keys.second]).encrypt("key-1")
    await db.rawRows(`UPDATE ${table ?? ""} SET ${column ?? ""} = '${foreign}'`)

    const [integration = await load()] = await integrations.find()
    const { id } = integration
    const reveal = () => integration.apiKey.reveal()

    expect(reveal).toThrow(
      expect.objectContaining({
        code: "ERR_DECRYPTION_FAILED",
        property: "Integration.apiKey",
        reason: "unknown-key",
        primaryKey: { id },
      }),
    )
    expect(reveal).toThrow(`Integration.apiKey of the row with id ${id} cannot be decrypted`)
    expect(() => integration.apiKey.use(String)).toThrow(`the row with id ${id}`)
    expect(() => integration.apiKey.equals("key-1")).toThrow(`the row with id ${id}`)
    logger.entries.length = 0
    await integrations.save(integration)
    expect(writes()).toEqual([])
    await integrations.save(Object.assign(await load(), { apiKey: Sealed.of("key-2") }))
    expect((await load()).apiKey.reveal()).toBe("key-2")
  })

  test.each([
    ["the text it is shown as", { apiKey: "[sealed]" }],
    ["what a copy is", { headers: {} }],
    ["a copy", { apiKey: Object.create(Sealed.prototype) as unknown }],
  ])("is not overwritten by %s", async (_what, overwriting) => {
    const before = await row()
    const save = async () => integrations.save(Object.assign(await load(), overwriting))

    await expect(save()).rejects.toMatchObject({ code: "ERR_INVALID_VALUE" })
    expect(await row()).toEqual(before)
  })

  test("holds what it is shown as, or an empty document, if that is meant", async () => {
    await integrations.save(
      Object.assign(await load(), { apiKey: Sealed.of("[sealed]"), headers: Sealed.of({}) }),
    )

    const { apiKey, headers } = await load()
    expect([apiKey.reveal(), headers?.reveal()]).toEqual(["[sealed]", {}])
  })

  test("is stored by no property that is not sealed", async () => {
    const { apiKey, id } = await load()
    const misuses = [
      () => integrations.update({ id }, { note: apiKey as never }),
      () => integrations.update({ id }, { name: apiKey as never }),
      () => integrations.save({ name: apiKey as never, apiKey, note: "x" }),
      () => integrations.findBy({ name: apiKey as never }),
      () => integrations.update({ id }, { headers: Sealed.of({ deep: [apiKey] }) }),
    ]

    for (const misuse of misuses) {
      await expect(misuse()).rejects.toMatchObject({ code: "ERR_INVALID_VALUE" })
    }
  })

  test("is selected, or not, and survives a partial entity", async () => {
    const partial = await integrations.findOneOrFail({ where: {}, select: { id: true, pin: true } })

    expect(partial.pin?.reveal()).toBe(81.5)
    expect(partial.apiKey as unknown).toBeUndefined()
    await integrations.save(Object.assign(partial, { note: "changed" }))
    expect((await load()).apiKey.reveal()).toBe("key-1")
  })
})

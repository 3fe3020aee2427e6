import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { inspect } from "node:util"

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"
import type { DataSource, EntitySchemaColumnOptions, ObjectLiteral } from "typeorm"

import {
  BlindEqual,
  decryptRaw,
  encryptedColumn,
  type EncryptedColumnOptions,
  encryptFor,
  type EncryptionOptions,
  generateKey,
  KeyError,
  Keyring,
  reloadKeys,
  runWithActor,
  Sealed,
  TenantKeys,
  withEncryption,
} from "../../../src"
import { keyring, keys } from "../../support/keys"
import { boundSource, memorySource, problemsOf } from "../memory-source"
import { reachableText } from "../reachable-text"
import { schema } from "../schema"

const MARKER = "marker-078-05-1120"

let source: DataSource | undefined

afterEach(async () => {
  jest.restoreAllMocks()
  if (source?.isInitialized) await source.destroy()
})

type Columns = Readonly<Record<string, EncryptedColumnOptions>>

async function accounts(columns: Columns, options: EncryptionOptions = { keyring }) {
  const declared: Record<string, EntitySchemaColumnOptions> = {}
  for (const [name, column] of Object.entries(columns)) {
    declared[name] = encryptedColumn({ nullable: true, ...column })
  }
  source = await boundSource([schema("Account", declared)], options)
  const repository = source.getRepository<ObjectLiteral>("Account")
  return {
    repository,
    load: async () =>
      (await repository.findOneByOrFail({ id: 1 })) as Record<string, Sealed<unknown>>,
    /** Puts a cell where it is read. */
    store: (name: string, cell: unknown) =>
      repository.query(`UPDATE Account SET "${name}" = ? WHERE id = 1`, [cell] as never[]),
    cell: async (name: string): Promise<unknown> =>
      (await repository.query<Record<string, unknown>[]>('SELECT * FROM "Account"'))[0]?.[name],
  }
}

describe("a sealed column", () => {
  test.each([
    ["no boolean", { sealed: 1 as never }, "has a sealed option that is neither true nor false"],
    ["with paths", { sealed: true, paths: ["a"] }, "is sealed and has paths"],
    ["cached unsealed", { cached: { seconds: 1 } }, "is cached and not sealed"],
    ["cached for no time", { sealed: true, cached: { seconds: 0 } }, "is cached for seconds"],
    ["cached at will", { sealed: true, cached: true as never }, "that is no options"],
    ["misspelt", { sealed: true, cached: { second: 1 } as never }, "unknown option second"],
    ["padded to nothing", { padTo: 0 }, "has a padTo that is not a whole number"],
  ])("that is %s is refused", async (_what, options: EncryptedColumnOptions, problem) => {
    const problems = await problemsOf(schema("Account", { key: encryptedColumn(options) }))

    expect(problems.join()).toContain(problem)
  })

  test("reads what is in plaintext while that is allowed, and refuses it after", async () => {
    const allowed = await accounts({ key: { sealed: true, plaintext: "allow" } })
    await allowed.repository.insert({ id: 1 })
    await allowed.store("key", "plain")
    const { key } = await allowed.load()

    expect(key?.reveal()).toBe("plain")
    expect(key?.use((bytes) => bytes.toString())).toBe("plain")
    await allowed.store("key", "gAAAAABob")
    await expect(allowed.load().then(({ key }) => key?.reveal())).rejects.toThrow("damaged")
    await source?.destroy()

    const rejected = await accounts({ key: { sealed: true } })
    await rejected.repository.insert({ id: 1 })
    await rejected.store("key", "plain")
    const loaded = await rejected.load()
    expect(() => loaded.key?.reveal()).toThrow(expect.objectContaining({ reason: "plaintext" }))
    expect(() => loaded.key?.use(String)).toThrow(expect.objectContaining({ reason: "plaintext" }))
  })

  test.each(["keep", "index"] as const)("writes plaintext in the phase %p", async (plaintext) => {
    const { repository, load, cell } = await accounts({
      key: { sealed: true, plaintext, blindIndex: true },
    })
    await repository.insert({ id: 1, key: Sealed.of("plain") })

    expect(await cell("key")).toBe("plain")
    expect((await load()).key?.reveal()).toBe("plain")
    expect(await repository.countBy({ key: Sealed.of("plain") })).toBe(1)
  })

  test("reads what others encrypted", async () => {
    const legacy = {
      decode: (cell: string) => cell.slice("old:".length),
      is: (cell: string) => cell.startsWith("old:"),
    }
    const { repository, load, store } = await accounts({
      key: { sealed: true, plaintext: "allow", legacy },
    })
    await repository.insert({ id: 1 })
    await store("key", "old:value")

    expect((await load()).key?.reveal()).toBe("value")
  })

  test("is read and compared by a codec of the application's own", async () => {
    const codec = {
      encode: (value: unknown) => String(value).toUpperCase(),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString().toLowerCase(),
    }
    const { repository, load, cell } = await accounts({ key: { sealed: true, codec } })
    await repository.insert({ id: 1, key: Sealed.of("abc") })
    const { key } = await load()

    expect(key?.reveal()).toBe("abc")
    expect(key?.equals("ABC")).toBe(true)
    expect(keyring.decryptText((await cell("key")) as string)).toBe("ABC")
  })

  test("keeps to its ttl when it is revealed", async () => {
    const { repository, load, store } = await accounts({ key: { sealed: true, ttl: 60 } })
    await repository.insert({ id: 1 })
    await store("key", keyring.encryptAtTime("old", Math.floor(Date.now() / 1000) - 61))
    const { key } = await load()

    expect(() => key?.reveal()).toThrow(expect.objectContaining({ reason: "expired" }))
    expect(() => key?.use(String)).toThrow(expect.objectContaining({ reason: "expired" }))
  })

  test("with keys of its own opens no token of another column", async () => {
    const { repository, load, store, cell } = await accounts(
      { key: { sealed: true }, note: { sealed: true } },
      { keyring, columnKeys: "only" },
    )
    await repository.insert({ id: 1, key: Sealed.of(MARKER) })
    await store("note", await cell("key"))
    const { key, note } = await load()

    expect(key?.reveal()).toBe(MARKER)
    expect(() => note?.reveal()).toThrow(expect.objectContaining({ reason: "unknown-key" }))
    await repository.save({ ...(await load()), note: key })
    const copied = await load()
    expect(copied.note?.reveal()).toBe(MARKER)
    expect(await cell("note")).not.toBe(await cell("key"))
  })

  test("that is given a sealed value of another column with its own cell is written", async () => {
    const { repository, load, store, cell } = await accounts(
      { key: { sealed: true }, note: { sealed: true } },
      { keyring, columnKeys: "only" },
    )
    await repository.insert({ id: 1, key: Sealed.of(MARKER), note: Sealed.of("x") })
    const { key } = await load()
    // Whoever can write to the database put it there, and it does not open
    await store("note", await cell("key"))
    await repository.save({ id: 1, note: key })

    expect((await load()).note?.reveal()).toBe(MARKER)
  })

  test("tells of a reveal, and of nothing else", async () => {
    const { repository, load, store } = await accounts({ key: { sealed: true, blindIndex: true } })
    await repository.insert({ id: 1, key: Sealed.of(MARKER) })
    const events: unknown[] = []
    const note = (event: unknown): void => {
      events.push(event)
    }
    subscribe("typeorm-fernet:reveal", note)
    try {
      const { key } = await load()
      await repository.save({ id: 1, key })
      await repository.save({ id: 1, key: Sealed.of("changed") })
      await repository.findBy({ key: BlindEqual(key) })
      key?.equals(MARKER)
      expect(events).toEqual([])
      runWithActor("ada", () => key?.reveal())
      runWithActor("ada", () => key?.use(String))
      await store("key", new Keyring([keys.second]).encrypt(MARKER))
      const foreign = await load()
      expect(() => runWithActor("ada", () => foreign.key?.reveal())).toThrow("the row with id 1")
    } finally {
      unsubscribe("typeorm-fernet:reveal", note)
    }

    const revealed = { column: "Account.key", primaryKey: { id: 1 }, actor: "ada" }
    expect(events).toEqual([revealed, revealed, { ...revealed, reason: "unknown-key" }])
    expect(inspect(events, { showHidden: true, depth: 9 })).not.toContain("marker")
  })

  test("holds neither value nor token nor key where anyone could find it", async () => {
    const { repository, load, cell } = await accounts({
      key: { sealed: true, cached: { seconds: 60 } },
    })
    await repository.insert({ id: 1, key: Sealed.of(MARKER) })
    const entity = await load()
    entity.key?.reveal()
    const token = (await cell("key")) as string
    const shown = [
      reachableText(entity),
      reachableText(source?.entityMetadatas[0]?.columns),
      inspect(entity, { showHidden: true, depth: 9, customInspect: false, getters: true }),
      JSON.stringify(entity),
    ].join()

    for (const secret of [MARKER, token, keys.first]) expect(shown).not.toContain(secret)
  })

  test("cannot be read without keys, and says so before it is sealed", async () => {
    const lazy = withEncryption(
      memorySource([schema("Account", { key: encryptedColumn({ sealed: true, nullable: true }) })]),
      { lazyKeys: true, keyring: () => [] },
    )
    source = await lazy.initialize()
    const repository = source.getRepository<ObjectLiteral>("Account")
    await repository.query(`INSERT INTO "Account" VALUES (1, '${keyring.encrypt("x")}')`)

    await expect(repository.find()).rejects.toBeInstanceOf(KeyError)
  })

  test("is opened for the tenant it was read for, and for no other", async () => {
    const own: Record<string, string> = { north: generateKey(), south: generateKey() }
    const tenants = new TenantKeys((tenant) => own[tenant] ?? [])
    const { repository, load } = await accounts({ key: { sealed: true } }, { keyring: tenants })
    const key = await tenants.run("north", async () => {
      await repository.insert({ id: 1, key: Sealed.of(MARKER) })
      const { key } = await load()
      expect(key?.reveal()).toBe(MARKER)
      return key
    })

    await expect(load()).rejects.toBeInstanceOf(KeyError)
    expect(() => key?.reveal()).toThrow("was read for a tenant")
    await tenants.run("south", async () => {
      expect(() => key?.reveal()).toThrow("was read for a tenant")
      expect(() => key?.equals(MARKER)).toThrow(KeyError)
      await expect(repository.save({ id: 2, key })).rejects.toBeInstanceOf(KeyError)
      const { key: foreign } = await load()
      expect(() => foreign?.reveal()).toThrow(expect.objectContaining({ reason: "unknown-key" }))
    })
    await tenants.run("north", () => {
      expect(key?.reveal()).toBe(MARKER)
    })
  })

  test("whose key is rolled is revealed with the keys of the moment, and asks for them", async () => {
    let ring: readonly string[] = [keys.first]
    const { repository, load, store } = await accounts(
      { key: { sealed: true } },
      { keyring: () => ring, refreshKeys: { every: 3600 } },
    )
    await repository.insert({ id: 1 })
    await store("key", new Keyring([keys.second]).encrypt(MARKER))
    const { key } = await load()
    ring = [keys.second, keys.first]

    expect(() => key?.reveal()).toThrow(expect.objectContaining({ reason: "unknown-key" }))
    await new Promise(setImmediate)
    expect(key?.reveal()).toBe(MARKER)
    ring = [keys.first]
    if (source) await reloadKeys(source, { forget: true })
    expect(() => key?.reveal()).toThrow(expect.objectContaining({ reason: "unknown-key" }))
  })
})

describe("a sealed column that is cached", () => {
  async function cached(
    options: EncryptionOptions = { keyring },
    more: EncryptedColumnOptions = {},
  ) {
    const account = await accounts(
      { key: { sealed: true, cached: { seconds: 600 }, ...more } },
      options,
    )
    await account.repository.insert({ id: 1, key: Sealed.of(MARKER) })
    const decrypt = jest.spyOn(Keyring.prototype, "decrypt")
    const decryptText = jest.spyOn(Keyring.prototype, "decryptText")
    const decryptions = () => decrypt.mock.calls.length + decryptText.mock.calls.length
    return { ...account, decryptions }
  }

  test("is decrypted once, whichever entity it is read into", async () => {
    const { load, decryptions } = await cached()
    for (let i = 0; i < 3; i++) expect((await load()).key?.reveal()).toBe(MARKER)
    ;(await load()).key?.use((bytes) => bytes.fill(0))
    expect((await load()).key?.reveal()).toBe(MARKER)

    expect(decryptions()).toBe(1)
  })

  test("is never answered for by a cell that it had before", async () => {
    const { load, store, repository, decryptions } = await cached()
    const before = await load()
    before.key?.reveal()
    await repository.save({ id: 1, key: Sealed.of("changed") })
    expect((await load()).key?.reveal()).toBe("changed")
    await store("key", new Keyring([keys.second]).encrypt(MARKER))
    const foreign = await load()

    expect(() => foreign.key?.reveal()).toThrow(expect.objectContaining({ reason: "unknown-key" }))
    expect(before.key?.reveal()).toBe(MARKER)
    expect(decryptions()).toBeGreaterThan(2)
  })

  test("has its ttl looked at each time", async () => {
    const { load, decryptions } = await cached({ keyring }, { ttl: 3600 })
    const { key } = await load()
    key?.reveal()
    const now = Date.now()
    jest.spyOn(Date, "now").mockReturnValue(now + 3_700_000)

    expect(() => key?.reveal()).toThrow(expect.objectContaining({ reason: "expired" }))
    expect(decryptions()).toBeGreaterThan(1)
  })

  test("is wiped when its keys are fetched again", async () => {
    const { load, decryptions } = await cached({
      keyring: () => [keys.first],
      refreshKeys: { every: 3600 },
    })
    const { key } = await load()
    key?.reveal()
    if (source) await reloadKeys(source)
    key?.reveal()

    expect(decryptions()).toBe(2)
  })

  test("is wiped when its tenant is forgotten, and shared by no two", async () => {
    const tenants = new TenantKeys(() => keys.first)
    const account = await accounts(
      { key: { sealed: true, cached: { seconds: 600 } } },
      { keyring: tenants },
    )
    await tenants.run("north", () => account.repository.insert({ id: 1, key: Sealed.of(MARKER) }))
    const decrypt = jest.spyOn(Keyring.prototype, "decrypt")
    const reveal = async () => (await account.load()).key?.reveal()

    await tenants.run("north", reveal)
    await tenants.run("north", reveal)
    expect(decrypt).toHaveBeenCalledTimes(1)
    await tenants.run("south", reveal)
    expect(decrypt).toHaveBeenCalledTimes(2)
    tenants.forget("south")
    await tenants.run("south", reveal)
    expect(decrypt).toHaveBeenCalledTimes(3)
  })

  test("is wiped when its DataSource is destroyed", async () => {
    const { load, decryptions } = await cached()
    const { key } = await load()
    key?.reveal()
    await source?.destroy()
    key?.reveal()

    expect(decryptions()).toBe(2)
  })
})

describe("a padded column", () => {
  test.each<[EncryptedColumnOptions["codec"], unknown]>([
    ["string", "À"],
    ["number", 7],
    ["bigint", 7n],
    ["boolean", true],
    ["date", new Date(5)],
    ["json", { a: [null, "x"] }],
    ["bytes", Buffer.of(0x80, 0)],
  ])("of the codec %p reads what it wrote, and what was written before", async (codec, value) => {
    for (const sealed of [false, true]) {
      const { repository, load, store, cell } = await accounts({
        key: { codec, padTo: 64, sealed, blindIndex: codec !== "json" },
        before: { codec, sealed: false },
      })
      await repository.insert({ id: 1, key: sealed ? Sealed.of(value) : value, before: value })
      const read = async () => {
        const { key } = (await load()) as Record<string, unknown>
        return sealed ? (key as Sealed<unknown>).reveal() : key
      }

      expect(keyring.decrypt((await cell("key")) as string)).toHaveLength(64)
      expect(await read()).toEqual(value)
      if (codec !== "json") expect(await repository.countBy({ key: BlindEqual(value) })).toBe(1)
      await store("key", await cell("before"))
      expect(await read()).toEqual(value)
      await source?.destroy()
    }
  })

  test("is refused what makes its token too long", async () => {
    const { repository } = await accounts({ key: { padTo: 256, type: "varchar", length: 255 } })

    await expect(repository.insert({ id: 1, key: "x" })).rejects.toThrow("use a wider column type")
  })

  test("gives its values by decryptRaw and takes them by encryptFor", async () => {
    const { repository } = await accounts({ key: { padTo: 64 } })
    const cell = source && encryptFor(source, "Account", "key", "x")
    const [row] = source ? decryptRaw(source, "Account", [{ key: cell }]) : []

    expect(row).toEqual({ key: "x" })
    expect(repository.metadata.name).toBe("Account")
  })
})

describe("a sealed column under beforeReveal", () => {
  interface Request {
    column: string
    actor?: string | undefined
    primaryKey: unknown
  }
  let requests: Request[]
  const recording = {
    keyring,
    beforeReveal: async (request: Request) => {
      await Promise.resolve()
      requests.push(request)
    },
  } satisfies EncryptionOptions

  beforeEach(() => {
    requests = []
  })

  test("is revealed only after it was recorded, as a value and as bytes", async () => {
    const { repository, load } = await accounts({ apiKey: { sealed: true } }, recording)
    await repository.insert({ id: 1, apiKey: Sealed.of(MARKER) })
    const { apiKey } = await load()

    const revealed = await runWithActor("ada", async () => await apiKey?.revealRecorded())
    let bytes: Buffer | undefined
    const length = await apiKey?.useRecorded((given) => {
      bytes = given
      return given.toString()
    })

    expect([revealed, length]).toEqual([MARKER, MARKER])
    expect(bytes?.every((byte) => byte === 0)).toBe(true)
    expect(requests).toEqual([
      { column: "Account.apiKey", primaryKey: { id: 1 }, tenant: undefined, actor: "ada" },
      { column: "Account.apiKey", primaryKey: { id: 1 }, tenant: undefined, actor: undefined },
    ])
  })

  test("does not open without a record, whether none was asked for or it failed", async () => {
    const failing: EncryptionOptions = {
      keyring,
      beforeReveal: () => Promise.reject(new Error("the audit table is full")),
    }
    const { repository, load } = await accounts({ apiKey: { sealed: true } }, failing)
    await repository.insert({ id: 1, apiKey: Sealed.of(MARKER) })
    const { apiKey } = await load()
    const opened = jest.spyOn(Keyring.prototype, "decryptText")

    expect(() => apiKey?.reveal()).toThrow("Account.apiKey is revealed only once")
    expect(() => apiKey?.use(() => 1)).toThrow(/revealRecorded/)
    await expect(apiKey?.revealRecorded()).rejects.toThrow("the audit table is full")
    await expect(apiKey?.useRecorded(() => 1)).rejects.toThrow("the audit table is full")
    expect(opened).not.toHaveBeenCalled()
    expect(apiKey?.equals(MARKER)).toBe(true)
  })

  test("asks nothing of a value that was sealed in this process, nor without the option", async () => {
    const given = Sealed.of(MARKER)
    expect(await given.revealRecorded()).toBe(MARKER)
    const { repository, load } = await accounts({ apiKey: { sealed: true } })
    await repository.insert({ id: 1, apiKey: given })

    expect(await (await load()).apiKey?.revealRecorded()).toBe(MARKER)
    expect(requests).toEqual([])
  })

  test("is refused where it is no function", async () => {
    const options = { keyring, beforeReveal: true } as unknown as EncryptionOptions

    await expect(accounts({ apiKey: { sealed: true } }, options)).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
    })
  })
})

import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import {
  type ColumnKeyMode,
  decryptColumns,
  decryptRaw,
  encryptColumns,
  EncryptedColumn,
  encryptFor,
  inspectColumns,
  Keyring,
  rotateColumns,
  searchFor,
  withEncryption,
} from "../../src"
import { verifyColumns } from "../../src/bulk/bulk"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"

@Entity()
class Account {
  @PrimaryColumn()
  id!: number

  @EncryptedColumn({ nullable: true, blindIndex: true })
  email?: string | null

  @EncryptedColumn({ nullable: true })
  note?: string | null
}

const ids = Array.from({ length: 40 }, (_, i) => i + 1)
const accounts = ids.map((id) => ({ id, email: `${id}@example.com`, note: `note ${id}` }))

eachDatabase("columns with keys of their own", (db) => {
  const connect = (
    columnKeys?: ColumnKeyMode,
    ring: Keyring = keyring,
    synchronize = false,
  ): Promise<DataSource> =>
    db.connect({ entities: [Account], synchronize }, (source) => {
      withEncryption(source, { keyring: ring, ...(columnKeys && { columnKeys }) })
    })

  const all = (source: DataSource): Promise<Account[]> =>
    source.getRepository(Account).find({ order: { id: "ASC" } })

  const cells = async (column: "email" | "note"): Promise<readonly string[]> => {
    const rows = await db.rawRows(`SELECT ${column} AS cell FROM account ORDER BY id`)
    return rows.map(({ cell }) => String(cell))
  }

  /** What somebody does who can write to the database. */
  const copy = (from: string, to: string, id = 1): Promise<unknown> =>
    db.rawRows(`UPDATE account SET ${to} = ${from} WHERE id = ${id}`)

  beforeEach(async () => {
    await db.dropAllTables()
  })

  test("open no token that was copied from another column", async () => {
    const source = await connect("only", keyring, true)
    await source.getRepository(Account).insert(accounts)

    await copy("note", "email")

    const refusal = { code: "ERR_DECRYPTION_FAILED", reason: "unknown-key" }
    await expect(all(source)).rejects.toMatchObject({ ...refusal, property: "Account.email" })
    const rows = await source.createQueryBuilder(Account, "account").getRawMany<object>()
    expect(() => decryptRaw(source, Account, rows)).toThrow(expect.objectContaining(refusal))
    const report = await inspectColumns(source, Account)
    expect(report.columns["Account.email"]?.after).toMatchObject({ unreadable: 1, current: 39 })
    expect(report.failures.map(({ key }) => key)).toEqual([["1"]])
  })

  test("open no token that was copied where keys are shared, nor the other way", async () => {
    const shared = await connect(undefined, keyring, true)
    await shared.getRepository(Account).insert(accounts)
    const source = await connect("only")

    await expect(all(source)).rejects.toMatchObject({
      reason: "unknown-key",
      message: expect.stringContaining("never moved, or was copied") as unknown,
    })

    await source.getRepository(Account).insert({ id: 99, email: "x@example.com" })
    await expect(all(shared)).rejects.toMatchObject({ reason: "unknown-key" })
  })

  test("hold tokens under these keys, and the same index values", async () => {
    const source = await connect("only", keyring, true)
    const shared = keyring.forColumn(["account", "email"], "only")

    await source.getRepository(Account).save(accounts)
    const token = encryptFor(source, Account, "email", "raw@example.com") ?? ""

    expect((await cells("email")).map((cell) => shared.decryptText(cell))).toEqual(
      accounts.map(({ email }) => email),
    )
    expect(shared.decryptText(token)).toBe("raw@example.com")
    expect((await cells("email")).every((cell) => keyring.keyIndexOf(cell) === undefined)).toBe(
      true,
    )
    expect(await all(source)).toEqual(accounts)
    expect(await source.getRepository(Account).findBy({ email: "7@example.com" })).toEqual([
      accounts[6],
    ])
    const plain = await connect()
    expect(searchFor(source, Account, "email", "x")).toEqual(
      searchFor(plain, Account, "email", "x"),
    )
  })

  test("take no token of any column for a value", async () => {
    const source = await connect("only", keyring, true)
    const repository = source.getRepository(Account)
    const others = encryptFor(source, Account, "note", "x")

    for (const email of [others, keyring.encrypt("x")]) {
      await expect(repository.insert({ id: 1, email })).rejects.toMatchObject({
        code: "ERR_ALREADY_ENCRYPTED",
      })
    }
    expect(await db.rawRows("SELECT id FROM account")).toEqual([])
  })

  test("are moved to while the application runs, from shared keys to their own", async () => {
    const shared = await connect(undefined, keyring, true)
    await shared.getRepository(Account).insert(accounts)
    const ready = await connect("ready")
    const moving = await connect("moving")
    const controller = new AbortController()
    let writes = 0
    const onProgress = async (): Promise<void> => {
      const id = 100 + writes++
      await moving.getRepository(Account).insert({ id, email: `${id}@example.com` })
      if (writes === 2) controller.abort()
    }
    let pending = Promise.resolve()
    const running = {
      batchSize: 8,
      concurrency: 1,
      onProgress: () => {
        pending = pending.then(onProgress)
      },
    }

    const before = await inspectColumns(moving, Account)
    const stopped = await rotateColumns(moving, Account, { ...running, signal: controller.signal })
    await pending
    const half = await Promise.all([ready, moving].map(all))
    const rest = await rotateColumns(moving, Account)
    await pending

    expect(before.columns["Account.email"]?.after).toMatchObject({ shared: 40, current: 0 })
    expect(stopped.completed).toBe(false)
    expect(half[0]).toEqual(half[1])
    expect(half[0]?.slice(0, 40)).toEqual(accounts)
    expect(stopped.changed).toBeLessThan(40)
    expect(stopped.changed + rest.changed).toBe(40)
    expect(rest.columns["Account.email"]?.after).toMatchObject({ shared: 0, stale: {} })
    const only = await connect("only")
    expect((await all(only)).slice(0, 40)).toEqual(accounts)
    expect(await verifyColumns(only, Account)).toMatchObject({ failed: 0 })
  })

  test("keep timestamps when they are moved, and are left again by the same command", async () => {
    const shared = await connect(undefined, keyring, true)
    const note = keyring.encryptAtTime("old", 1_700_000_000)
    await shared.getRepository(Account).insert({ id: 1 })
    await db.rawRows(`UPDATE account SET note = '${note}'`)

    await rotateColumns(await connect("moving"), Account)
    const [moved = ""] = await cells("note")
    await rotateColumns(await connect("ready"), Account)
    const [back = ""] = await cells("note")

    const own = keyring.forColumn(["account", "note"], "only")
    expect(own.extractTimestamp(moved)).toBe(1_700_000_000)
    expect(keyring.extractTimestamp(back)).toBe(1_700_000_000)
  })

  test("rotate along with the keys they are derived from", async () => {
    const both = new Keyring([keys.second, keys.first])
    await (await connect("only", keyring, true)).getRepository(Account).insert(accounts)

    const source = await connect("only", both)
    const [, old = ""] = both.fingerprints
    const { columns, failed } = await rotateColumns(source, Account)

    expect(failed).toBe(0)
    expect(columns["Account.note"]).toMatchObject({
      before: { stale: { [old]: 40 }, current: 0 },
      after: { stale: {}, current: 40 },
    })
    expect(await all(await connect("only", new Keyring([keys.second])))).toEqual(accounts)
  })

  test("seal nothing that was under shared keys when they take none, and list it", async () => {
    const source = await connect("only", keyring, true)
    await source.getRepository(Account).insert(accounts)
    const stolen = keyring.encrypt("from an old dump")
    await db.rawRows(`UPDATE account SET note = '${stolen}' WHERE id = 5`)

    for (const run of [rotateColumns, encryptColumns, decryptColumns]) {
      const report = await run(source, Account)

      expect((await cells("note"))[4]).toBe(stolen)
      expect(report.columns["Account.note"]?.after).toMatchObject({ shared: 1 })
      expect(report.failures).toContainEqual({
        column: "Account.note",
        key: ["5"],
        problem: expect.stringContaining("keys that all columns share") as unknown,
      })
    }
  })

  test("are those of a description, and those of its DataSource unless it says otherwise", async () => {
    const source = await connect("only", keyring, true)
    const table = { table: "account", columns: { note: {} } } as const
    const renamed = { note: { columnKey: { context: ["member", "note"] } } } as const
    await source.getRepository(Account).insert({ id: 1 })
    const encrypted = async (columns: typeof renamed | typeof table.columns): Promise<string> => {
      await db.rawRows("UPDATE account SET note = 'plain'")
      await encryptColumns(source, { table: "account", columns })
      return (await cells("note"))[0] ?? ""
    }

    const own = await encrypted(table.columns)
    const other = await encrypted(renamed)

    expect(keyring.forColumn(["account", "note"], "only").decryptText(own)).toBe("plain")
    expect(keyring.forColumn(["member", "note"], "only").decryptText(other)).toBe("plain")
    const misspelt = { table: "account", columns: { note: { columnKey: "always" as "only" } } }
    await expect(encryptColumns(source, misspelt)).rejects.toThrow("account.note has a columnKey")
  })
})

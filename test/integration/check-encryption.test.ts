import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, EntitySchema, PrimaryColumn } from "typeorm"

import {
  assertEncryption,
  checkEncryption,
  describeCheck,
  EncryptedColumn,
  encryptedColumn,
  encryptColumns,
  type EncryptionOptions,
  generateKey,
  Keyring,
  TenantKeys,
  withEncryption,
} from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"

@Entity()
class Account {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email!: string | null
  @EncryptedColumn({ nullable: true }) note!: string | null
}

/** The same table as other parts of an application see it. */
@Entity("account")
class Login {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ nullable: true }) secret!: string | null
}

eachDatabase("the check of encrypted columns", (db) => {
  const connect = (options: EncryptionOptions, synchronize = false): Promise<DataSource> =>
    db.connect({ entities: [Account], synchronize }, (source) => {
      withEncryption(source, options)
    })

  beforeEach(async () => {
    await db.dropAllTables()
  })

  /** Three accounts, of which the first has NULL for a note. */
  async function accounts(options: EncryptionOptions = { keyring }): Promise<DataSource> {
    const source = await connect(options, true)
    await source.getRepository(Account).insert([
      { id: 1, email: "a@x", note: null },
      { id: 2, email: "b@x", note: "two" },
      { id: 3, email: "c@x", note: "three" },
    ])
    return source
  }

  test("proves that what is stored opens, and says under which keys", async () => {
    const source = await accounts()

    const { tables, ...check } = await checkEncryption(source)

    expect(check).toEqual({
      ok: true,
      ...{ problems: [], notes: [] },
      keys: {
        origin: "a Keyring",
        fingerprints: keyring.fingerprints,
        fetchedAt: expect.any(Date) as unknown,
      },
      blindIndexKeys: {
        origin: "a Keyring",
        fingerprints: keyring.fingerprints,
        fetchedAt: expect.any(Date) as unknown,
      },
    })
    expect(tables).toHaveLength(1)
    expect(tables[0]).toMatchObject({
      rows: 3,
      columns: {
        "Account.email": { proof: "opens", cells: { current: 3, null: 0 } },
        "Account.note": { column: "note", phase: "reject", cells: { current: 2, null: 1 } },
      },
      indexes: { "Account.email_bidx": "opens" },
    })
    await assertEncryption(source)
    const text = describeCheck(await checkEncryption(source))
    expect(text).toContain("in order.\nkeys: ")
    expect(text).toMatch(/^ {2}Account\.note: opens, (?:long)?text \(1 null, 2 current\)$/im)
  })

  test("reminds of strings that are sent as they are", async () => {
    const source = await connect({ keyring, strings: "warn" }, true)

    const { ok, notes } = await checkEncryption(source)

    expect(ok).toBe(true)
    expect(notes).toEqual([expect.stringMatching(/^strings: "warn" sends .* in plaintext\. /)])
    expect(describeCheck(await checkEncryption(source))).toContain('note: strings: "warn" sends')
    await assertEncryption(source)
  })

  test("tells of tokens that a blind index misses", async () => {
    const source = await accounts()
    await db.rawRows("UPDATE account SET email_bidx = NULL WHERE id = 2")

    const { ok, problems } = await checkEncryption(source)

    expect(ok).toBe(false)
    expect(problems).toEqual([
      "Account.email_bidx: tokens have no value in the blind index email_bidx, so that a search would " +
        "miss them. Run column:encrypt.",
    ])
    await expect(assertEncryption(source)).rejects.toMatchObject({ code: "ERR_CHECK_FAILED" })
    await encryptColumns(source, Account)
    await assertEncryption(source)
  })

  test.each([true, false])("only notes them where building is %s", async (building) => {
    await accounts()
    await db.rawRows("UPDATE account SET email_bidx = NULL WHERE id = 2")
    const Declared = new EntitySchema<Account>({
      name: "Account",
      columns: {
        id: { type: "int", primary: true },
        email: encryptedColumn({ nullable: true, blindIndex: { building } }),
      },
    })
    const source = await db.connect({ entities: [Declared] }, (unbound) => {
      withEncryption(unbound, { keyring })
    })

    const { ok, notes } = await checkEncryption(source)

    expect(ok).toBe(true)
    expect(notes).toEqual([expect.stringContaining("so that a search would miss them")])
  })

  test("proves nothing by an empty table, and refuses nothing for it", async () => {
    const source = await connect({ keyring }, true)

    const { ok, tables } = await checkEncryption(source)

    expect(ok).toBe(true)
    expect(tables[0]?.columns["Account.email"]?.proof).toBe("empty")
    expect(tables[0]?.indexes["Account.email_bidx"]).toBe("empty")
  })

  test("keeps an application from starting with the key of another environment", async () => {
    await accounts()
    const wrong = { keyring: new Keyring([keys.second]) }

    const found = await checkEncryption(await connect(wrong))
    const starting = connect({ ...wrong, startupCheck: (source) => assertEncryption(source) })

    expect(found.ok).toBe(false)
    expect(found.problems).toEqual([
      expect.stringMatching(/^Account\.email: none of its tokens .*environment\?$/),
      expect.stringMatching(/^Account\.note: none of its tokens /),
    ])
    await expect(starting).rejects.toMatchObject({ code: "ERR_CHECK_FAILED" })
  })

  test("tells one damaged cell, other keys of blind indexes, plaintext and older keys", async () => {
    await accounts()
    await db.rawRows("UPDATE account SET note = 'plain as day' WHERE id = 1")
    const foreign = new Keyring([generateKey()]).encrypt("two")
    await db.rawRows(`UPDATE account SET note = '${foreign}' WHERE id = 2`)
    const rotated = {
      keyring: new Keyring([keys.second, keys.first]),
      blindIndexKeyring: new Keyring([generateKey()]),
    }

    const rejecting = await checkEncryption(await connect(rotated))
    const allowing = await checkEncryption(await connect({ ...rotated, plaintext: "allow" }))

    expect(rejecting.problems.map((one) => one.slice(0, 40))).toEqual([
      expect.stringContaining("Account.note: 1 of the cells looked at "),
      expect.stringContaining("Account.note: 1 cells are plaintext, whi"),
      expect.stringContaining("Account.email_bidx: none of the index va"),
    ])
    expect(rejecting.notes).toEqual([
      "Account.email: 3 tokens are under older keys. Run column:rotate.",
      "Account.note: 1 tokens are under older keys. Run column:rotate.",
    ])
    expect(allowing.notes).toContain("Account.note: 1 cells are plaintext. Run column:encrypt.")
    expect(JSON.stringify([rejecting, allowing])).not.toMatch(/plain as day|gAAAAA/)
  })

  test("tells a column that is not there, or is no text yet", async () => {
    const create = "CREATE TABLE account (id int PRIMARY KEY, email int"
    await db.rawRows(`${create}, note text)`)
    const source = await connect({ keyring })

    const narrow = await checkEncryption(source)
    await db.rawRows("DROP TABLE account")
    await db.rawRows(`${create})`)
    const absent = await checkEncryption(source)

    expect(narrow.problems.join()).toContain("Account.email_bidx is not in the database")
    expect(absent.problems).toEqual(["Account.note is not in the database."])
  })

  test("looks at the columns of every entity that shares a table", async () => {
    const source = await db.connect({ entities: [Account, Login], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    await source.getRepository(Account).insert({ id: 1, email: "a@x", note: null })
    await db.rawRows("UPDATE account SET secret = 'in plaintext'")

    const { problems, tables } = await checkEncryption(source)

    expect(tables.map(({ columns }) => Object.keys(columns))).toEqual([
      ["Account.email", "Account.note"],
      ["Login.secret"],
    ])
    expect(problems).toEqual(["Login.secret: 1 cells are plaintext, which it does not read."])
  })

  test("looks at so many rows, and no more", async () => {
    const { tables } = await checkEncryption(await accounts(), { rows: 2 })

    expect(tables[0]?.rows).toBe(2)
    const source = await connect({ keyring })
    await expect(checkEncryption(source, { rows: 0 })).rejects.toThrow(RangeError)
    await expect(checkEncryption(source, { row: 1 } as object)).rejects.toThrow(/rows/)
  })

  test("sees the cells of one tenant, and says how many of the others", async () => {
    const ofTenants: Record<string, string> = { north: keys.first, south: keys.second }
    const tenants = new TenantKeys((tenant) => ofTenants[tenant] ?? [])
    await accounts()
    const source = await connect({ keyring: tenants })

    const [own, others] = [
      await tenants.run("north", () => checkEncryption(source)),
      await tenants.run("south", () => checkEncryption(source)),
    ]

    expect([own.ok, own.keys.origin, own.notes]).toEqual([true, "TenantKeys", []])
    expect(others.notes).toContain("Account.email: 3 cells do not open for this tenant.")
    await expect(checkEncryption(source)).rejects.toMatchObject({ code: "ERR_KEY_MISSING" })
  })

  test("sees the cells of several tenants, and says how many belong to none of them", async () => {
    const ofTenants: Record<string, string> = { north: keys.first, south: keys.second }
    const tenants = new TenantKeys((tenant) => ofTenants[tenant] ?? [])
    await accounts()
    const south = new Keyring([keys.second])
    const nobody = new Keyring([generateKey()])
    await db.rawRows(`UPDATE account SET note = '${south.encrypt("two")}' WHERE id = 2`)
    await db.rawRows(`UPDATE account SET note = '${nobody.encrypt("three")}' WHERE id = 3`)
    const source = await connect({ keyring: tenants })

    const check = await checkEncryption(source, { tenants: ["south", "north"] })

    expect([check.ok, check.problems]).toEqual([true, []])
    expect(check.notes).toEqual(["Account.note: 1 cells do not open for these 2 tenants."])
    expect(check.keys.fingerprints).toEqual([
      ...south.fingerprints,
      ...new Keyring([keys.first]).fingerprints,
    ])
    expect(check.tables[0]).toMatchObject({
      rows: 3,
      columns: {
        "Account.email": { proof: "opens", cells: { current: 3, unreadable: 0 } },
        "Account.note": { proof: "opens", cells: { null: 1, current: 1, unreadable: 1 } },
      },
      indexes: { "Account.email_bidx": "opens" },
    })
  })

  test("refuses tenants where there are none with keys of their own, or an empty list", async () => {
    const bound = await accounts()
    const ofTenants = await connect({ keyring: new TenantKeys(() => keys.first) })

    await expect(checkEncryption(bound, { tenants: ["north"] })).rejects.toThrow(/TenantKeys/)
    await expect(checkEncryption(ofTenants, { tenants: [] })).rejects.toThrow(/one or more/)
  })

  test("lets migrations at start do first what it would find missing", async () => {
    await accounts()
    await db.rawRows("UPDATE account SET email = 'd@x', email_bidx = NULL, note = NULL")
    const order: string[] = []
    const source = await connect({
      keyring,
      startupCheck: async (starting) => {
        order.push("check")
        await encryptColumns(starting, Account)
        await assertEncryption(starting)
      },
    })

    expect(order).toEqual(["check"])
    expect(await source.getRepository(Account).countBy({ email: "d@x" })).toBe(3)
  })
})

import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { Column, Entity, PrimaryColumn, type DataSource, type Repository } from "typeorm"

import { decryptRaw, EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { open, rowsOf } from "./stored"

class Contact {
  @EncryptedColumn({ nullable: true })
  phone?: string | null
}

@Entity()
class Account {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn({ nullable: true, name: "api_key" })
  apiKey?: string | null

  @EncryptedColumn({ nullable: true, codec: "json" })
  headers?: Record<string, number[]> | null

  @Column(() => Contact)
  contact!: Contact
}

const values = { apiKey: "sk-1", headers: { a: [1] }, contact: { phone: "555-0100" } }

eachDatabase("rows that a statement returns", (db) => {
  let dataSource: DataSource
  let accounts: Repository<Account>

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Account], synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    accounts = dataSource.getRepository(Account)
  })

  beforeEach(() => accounts.createQueryBuilder().delete().execute())

  const supportsReturning = (statement: "insert" | "update") =>
    dataSource.driver.isReturningSqlSupported(statement)

  async function expectStored(apiKey: string): Promise<void> {
    const [row] = await rowsOf(db, "account")
    expect(open(row?.api_key)).toBe(apiKey)
  }

  test("never leave a token in an inserted entity", async () => {
    if (!supportsReturning("insert")) return
    const account = accounts.create({ id: 1, ...values })
    const insert = accounts.createQueryBuilder().insert().values(account).returning("*")
    const result = await insert.execute()

    expect(account).toEqual({ id: 1, ...values })
    expect(result.generatedMaps[0]).toMatchObject(values)
    await accounts.save(account)
    await expectStored("sk-1")
  })

  test("never leave a token in an upserted entity", async () => {
    await accounts.insert({ id: 1, ...values })
    const account = accounts.create({ id: 1, ...values, apiKey: "sk-2" })
    const insert = accounts.createQueryBuilder().insert().values(account)
    insert.orUpdate(["api_key"], ["id"])
    if (supportsReturning("insert")) insert.returning("*")
    await insert.execute()

    expect(account).toEqual({ id: 1, ...values, apiKey: "sk-2" })
    await accounts.save(account)
    await expectStored("sk-2")
  })

  test("never leave a token in an entity updated by whereEntity", async () => {
    const account = await accounts.save(accounts.create({ id: 1, ...values }))
    const update = accounts.createQueryBuilder().update().set({ apiKey: "sk-2" })
    update.whereEntity(account)
    if (supportsReturning("update")) update.returning(["apiKey", "contact.phone", "headers"])
    await update.execute()

    const apiKey = supportsReturning("update") ? "sk-2" : "sk-1"
    expect(account).toEqual({ id: 1, ...values, apiKey })
    await accounts.save(Object.assign(account, { apiKey: "sk-2" }))
    await expectStored("sk-2")
  })

  test.each<
    [
      verb: string,
      write: () => { returning: (columns: string) => { execute: () => Promise<{ raw: unknown }> } },
    ]
  >([
    [
      "an insert",
      () =>
        accounts
          .createQueryBuilder()
          .insert()
          .values({ id: 2, ...values }),
    ],
    ["an update", () => accounts.createQueryBuilder().update().set(values)],
    ["a delete", () => accounts.createQueryBuilder().delete()],
  ])("are values in the raw result of %s", async (verb, write) => {
    const kind = verb.split(" ").at(-1) as "insert" | "update" | "delete"
    if (!dataSource.driver.isReturningSqlSupported(kind)) return
    if (kind !== "insert") await accounts.insert({ id: 2, ...values })

    const result = await write().returning("*").execute()
    const raw: unknown = result.raw

    const { apiKey: api_key, headers, contact } = values
    expect(raw).toEqual([{ id: 2, api_key, headers, contactPhone: contact.phone }])
    expect(decryptRaw(dataSource, Account, raw as object[])).toEqual(raw)
  })

  test("are undefined where they cannot be read, and no error, since the write is done", async () => {
    if (!dataSource.driver.isReturningSqlSupported("delete")) return
    await accounts.insert({ id: 3, ...values })
    await db.rawRows("UPDATE account SET api_key = 'plaintext'")

    const result = await accounts.createQueryBuilder().delete().returning("*").execute()

    expect(result.raw).toMatchObject([{ api_key: undefined, headers: values.headers }])
    expect(await accounts.count()).toBe(0)
  })

  test("give NULL as null", async () => {
    if (!supportsReturning("insert")) return
    const account = accounts.create({ id: 1, apiKey: null, headers: null })
    await accounts.createQueryBuilder().insert().values(account).returning("*").execute()

    expect(account).toMatchObject({ apiKey: null, headers: null })
  })
})

import { inspect } from "node:util"

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { And, type DataSource, Entity, In, IsNull, Not, PrimaryColumn } from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { rowsOf } from "../stored"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: { building: false, normalize: ["trim", "lowercase"] },
  })
  email!: string | null
  @EncryptedColumn({
    nullable: true,
    blindIndex: [{ building: false, with: ["family"] }, { building: false }],
  })
  given!: string | null
  @EncryptedColumn({ nullable: true }) family!: string | null
  @EncryptedColumn({ nullable: true, codec: "number", blindIndex: true }) height!: number | null
}

eachDatabase("a search of a table that is partly in plaintext", (db) => {
  let source: DataSource

  beforeAll(async () => {
    source = await db.connect({ entities: [Person], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
  })

  /** 1 and 2 are indexed, 3 and 4 in plaintext, 5 empty, and 6 is encrypted without an index. */
  beforeEach(async () => {
    const people = source.getRepository(Person)
    await people.clear()
    await people.insert([
      { id: 1, email: "ada@x", given: "Ada", family: "King", height: 1.5 },
      { id: 2, email: "bob@x", given: "Bob", family: "King", height: 2 },
    ])
    const token = (text: string): string => keyring.encrypt(text)
    await db.rawRows(
      "INSERT INTO person (id, email, given, family, height) VALUES (3, ' ADA@x', 'Ada', 'King', '1.5')",
    )
    await db.rawRows(
      "INSERT INTO person (id, email, given, family, height) VALUES (4, 'cleo@x', 'Cleo', 'King', '3')",
    )
    await db.rawRows("INSERT INTO person (id) VALUES (5)")
    await db.rawRows(
      `INSERT INTO person (id, email, given) VALUES (6, '${token("ada@x")}', '${token("Ada")}')`,
    )
  })

  const ids = async (where: object): Promise<number[]> =>
    (await source.manager.find(Person, { where, order: { id: "ASC" } })).map(({ id }) => id)

  test("finds rows of both kinds", async () => {
    expect(await ids({ email: "Ada@X " })).toEqual([1, 3])
    expect(await ids({ email: In(["ada@x", "cleo@x"]) })).toEqual([1, 3, 4])
    expect(await ids({ height: 1.5 })).toEqual([1, 3])
    expect(await ids({ email: In([]) })).toEqual([])
  })

  test("finds the others with Not, but none that might hold the value", async () => {
    expect(await ids({ email: Not("ada@x") })).toEqual([2, 4])
    expect(await ids({ email: Not(In(["ada@x", "cleo@x"])) })).toEqual([2])
    expect(await ids({ email: Not(Not("cleo@x")) })).toEqual([4])
    expect(await ids({ email: And(Not("ada@x"), Not(IsNull())) })).toEqual([2, 4])
    expect(await ids([{ email: Not("ada@x") }, { email: IsNull() }])).toEqual([2, 4, 5])
  })

  test("by an index over several properties finds rows of both kinds", async () => {
    expect(await ids({ given: "Ada", family: "King" })).toEqual([1, 3])
    expect(await ids({ given: "Ada", family: "Byron" })).toEqual([])
  })

  test("refuses the text of a token, and finds no row by it", async () => {
    const [row] = (await rowsOf(db, "person")).filter(({ id }) => id === 6)

    await expect(ids({ email: String(row?.email) })).rejects.toMatchObject({
      code: "ERR_ALREADY_ENCRYPTED",
    })
  })

  test("chooses what criteria change", async () => {
    await source.manager.update(Person, { email: "ada@x" }, { height: 9 })
    await source.manager.delete(Person, { email: Not("ada@x") })

    expect(await ids({ height: 9 })).toEqual([1, 3])
    expect(await ids({})).toEqual([1, 3, 5, 6])
  })

  test("finds a plaintext row by its new value once it is saved", async () => {
    const person = await source.manager.findOneByOrFail(Person, { email: "cleo@x" })
    await source.manager.save(Object.assign(person, { email: "cleopatra@x" }))

    expect(await ids({ email: "cleopatra@x" })).toEqual([4])
    expect(await ids({ email: "cleo@x" })).toEqual([])
  })

  test("shows no sought value in the error of getOneOrFail", async () => {
    const builder = source.createQueryBuilder(Person, "p").where({ email: "nobody@x" })

    const error: unknown = await builder.getOneOrFail().catch((reason: unknown) => reason)

    expect(error).toMatchObject({ name: "EntityNotFoundError" })
    expect(String((error as Error).stack)).not.toContain("nobody")
  })

  test("shows no sought value in the error of a statement that fails", async () => {
    const query = source.createQueryBuilder(Person, "p").where({ email: Not("nobody@x") })

    // Out of range as it is run, so that no driver refuses it while it prepares the statement
    const outOfRange = "abs(p.id - p.id - 9223372036854775807 - 1) = 1"
    const failing = query.andWhere(outOfRange).getMany()
    const error: unknown = await failing.catch((reason: unknown) => reason)

    expect(error).toMatchObject({ name: "QueryFailedError" })
    expect((error as { parameters: unknown[] }).parameters).toContain("(encrypted)")
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    expect(shown + JSON.stringify(error)).not.toContain("nobody")
  })

  test("compares texts exactly", async () => {
    expect(await ids({ given: "ada", family: "King" })).toEqual([])
    expect(await ids({ given: "Cleo " })).toEqual([])
    expect(await ids({ given: "CLEO" })).toEqual([])
  })
})

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: { unique: true } }) email!: string
}

eachDatabase("a unique blind index during a rotation", (db) => {
  const connect = (data: Keyring, index?: Keyring) =>
    db.connect({ entities: [Account], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring: data, ...(index && { blindIndexKeyring: index }) }),
    )
  const old = new Keyring([keys.first])
  const rotating = new Keyring([keys.second, keys.first])
  const ada = { email: "ada@x" }

  beforeEach(() => db.dropAllTables())

  test("finds rows under every key, and changes them", async () => {
    const before = await connect(old)
    await before.manager.insert(Account, [
      { id: 1, ...ada },
      { id: 2, email: "bob@x" },
    ])
    const { manager } = await connect(rotating)
    await manager.insert(Account, { id: 3, email: "cleo@x" })

    expect(await manager.findBy(Account, ada)).toMatchObject([{ id: 1 }])
    expect(await manager.countBy(Account, { email: In(["ada@x", "cleo@x"]) })).toBe(2)
    expect(await manager.countBy(Account, { email: Not("ada@x") })).toBe(2)
    await manager.update(Account, ada, { email: "eve@x" })
    expect(await manager.findBy(Account, ada)).toEqual([])
    expect(await manager.findBy(Account, { email: "eve@x" })).toMatchObject([{ id: 1 }])
  })

  test("refuses equal values under one first key, and not under two", async () => {
    const before = await connect(old)
    await before.manager.insert(Account, { id: 1, ...ada })
    const { manager } = await connect(rotating)
    const failed = { name: "QueryFailedError" }

    await expect(before.manager.insert(Account, { id: 2, ...ada })).rejects.toMatchObject(failed)
    await manager.insert(Account, { id: 2, ...ada })
    await expect(manager.insert(Account, { id: 3, ...ada })).rejects.toMatchObject(failed)
    expect(await manager.countBy(Account, ada)).toBe(2)
  })

  test("refuses them always if the index has keys of its own", async () => {
    const before = await connect(old, old)
    await before.manager.insert(Account, { id: 1, ...ada })
    const { manager } = await connect(rotating, old)

    await expect(manager.insert(Account, { id: 2, ...ada })).rejects.toMatchObject({
      name: "QueryFailedError",
    })
    await manager.upsert(Account, { id: 1, ...ada }, ["email"])
    expect(await manager.findBy(Account, ada)).toMatchObject([{ id: 1 }])
  })

  describe("with BLIND_INDEX_KEY", () => {
    test("derives the index from that", async () => {
      process.env.BLIND_INDEX_KEY = keys.second
      const first = await connect(old).finally(() => delete process.env.BLIND_INDEX_KEY)
      await first.manager.insert(Account, { id: 1, ...ada })
      const { manager } = await connect(rotating, new Keyring([keys.second]))

      expect(await manager.findBy(Account, ada)).toMatchObject([{ id: 1 }])
      expect(await (await connect(old)).manager.findBy(Account, ada)).toEqual([])
    })
  })
})

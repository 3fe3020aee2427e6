import { afterEach, beforeEach, expect, test } from "@jest/globals"
import {
  type DataSource,
  Entity,
  type MigrationInterface,
  PrimaryColumn,
  type QueryRunner,
  Table,
} from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"
import { everything, Patient, Visit } from "./model"

@Entity()
class Login {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ type: "varchar", length: 255, comment: "a secret" }) token!: string
  @EncryptedColumn({ nullable: true }) phone?: string | null
}

class CreateLogin1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = [
      { name: "id", type: "integer", isPrimary: true },
      { name: "token", type: "varchar", length: "255" },
      { name: "phone", type: "text", isNullable: true },
    ]
    await runner.createTable(new Table({ name: "login", columns }))
    await runner.manager.insert(Login, { id: 1, token: "from a migration" })
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable("login")
  }
}

eachDatabase("a DataSource", (db) => {
  const connect = (ring: Keyring, extra: Parameters<typeof db.options>[0] = {}) =>
    db.connect({ entities: [Login], synchronize: true, ...extra }, (source) =>
      withEncryption(source, { keyring: ring }),
    )
  const rawLogins = () => db.rawRows(`SELECT * FROM ${db.escape("login")}`)

  beforeEach(() => db.dropAllTables())
  afterEach(() => db.dropAllTables())

  test("cannot read what another wrote to the same tables under another key", async () => {
    const ours = (await connect(keyring)).getRepository(Login)
    const theirs = (await connect(new Keyring([keys.second]))).getRepository(Login)
    await ours.insert({ id: 1, token: "ours" })
    await theirs.insert({ id: 2, token: "theirs" })

    expect(await ours.findOneBy({ id: 1 })).toMatchObject({ token: "ours" })
    expect(await theirs.findOneBy({ id: 2 })).toMatchObject({ token: "theirs" })
    for (const [logins, id] of [
      [ours, 2],
      [theirs, 1],
    ] as const) {
      await expect(logins.findOneBy({ id })).rejects.toMatchObject({
        property: "Login.token",
        reason: "unknown-key",
      })
    }
  })

  test("reads what an older key wrote, and writes under the first", async () => {
    const old = await connect(keyring)
    await old.getRepository(Login).insert({ id: 1, token: "old" })
    const logins = (await connect(new Keyring([keys.second, keys.first]))).getRepository(Login)
    await logins.insert({ id: 2, token: "new" })

    expect((await logins.find()).map(({ token }) => token).sort()).toEqual(["new", "old"])
    const [, second] = await rawLogins()
    expect(new Keyring([keys.second]).decryptText(second?.token as string)).toBe("new")
  })

  test("works again after destroy and initialize", async () => {
    const source = await connect(keyring)
    await source.getRepository(Login).insert({ id: 1, token: "before" })
    await source.destroy()
    await source.initialize()

    await source.getRepository(Login).insert({ id: 2, token: "after" })

    expect(await source.getRepository(Login).countBy({ id: 2 })).toBe(1)
    expect((await source.getRepository(Login).find()).map(({ token }) => token)).toEqual([
      "before",
      "after",
    ])
    expect((await rawLogins()).map(({ token }) => keyring.decryptText(token as string))).toEqual([
      "before",
      "after",
    ])
  })

  test("runs migrations that write encrypted columns", async () => {
    const source = await connect(keyring, {
      synchronize: false,
      migrations: [CreateLogin1700000000000],
      migrationsRun: true,
    })

    expect(await source.getRepository(Login).find()).toMatchObject([{ token: "from a migration" }])
    expect(await rawLogins()).toMatchObject([{ token: expect.stringMatching(/^gAAAAA/) }])
    await source.undoLastMigration()
    await expect(rawLogins()).rejects.toMatchObject({ message: expect.stringContaining("login") })
  })

  test("shows no drift after synchronize", async () => {
    const entities = [Login, Patient, Visit]
    const source = await connect(keyring, { entities })

    const { upQueries } = await source.driver.createSchemaBuilder().log()

    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  test("that was not bound neither writes nor reads, and sends nothing", async () => {
    const bound = (await connect(keyring)).getRepository(Login)
    const unbound = await db.connect({ entities: [Login] })
    const logins = unbound.getRepository(Login)
    const refused = { code: "ERR_COLUMN_UNBOUND", message: /^Login\.token is an encrypted column/ }
    const isRefused = (attempt: Promise<unknown>) =>
      expect(attempt).rejects.toMatchObject({
        ...refused,
        message: expect.stringMatching(refused.message),
      })

    await isRefused(logins.save({ id: 1, token: "plain" }))
    await isRefused(logins.insert({ id: 1, token: "plain" }))
    await isRefused(logins.insert([{ id: 1, token: "plain" }]))
    await isRefused(logins.upsert({ id: 1, token: "plain" }, ["id"]))
    expect(await rawLogins()).toEqual([])

    await bound.insert({ id: 1, token: "secret" })
    const [stored] = await rawLogins()
    await isRefused(logins.find())
    await isRefused(logins.update(1, { token: "plain" }))
    await isRefused(logins.findBy({ token: "secret" }))
    expect(await rawLogins()).toEqual([stored])
  })

  test("saves within a transaction, and rolls back", async () => {
    const source = await connect(keyring)
    await source.transaction((manager) => manager.save(Login, { id: 1, token: "kept" }))

    const failed = source.transaction(async (manager) => {
      await manager.save(Login, { id: 1, token: "changed" })
      await manager.save(Login, { id: 2, token: "new" })
      expect(await manager.find(Login, { order: { id: "ASC" } })).toMatchObject([
        { token: "changed" },
        { token: "new" },
      ])
      throw new Error("roll back")
    })

    await expect(failed).rejects.toThrow("roll back")
    expect(await source.getRepository(Login).find()).toMatchObject([{ id: 1, token: "kept" }])
  })

  test("keeps values apart that are written and read in parallel", async () => {
    const source: DataSource = await connect(keyring, { entities: [Patient, Visit] })
    const patients = source.getRepository(Patient)
    const numbers = Array.from({ length: 30 }, (_, i) => i)

    await Promise.all(
      numbers.map((i) =>
        patients.save({
          name: `p${i}`,
          ...everything,
          ssn: `ssn ${i}`,
          visits: [{ diagnosis: `${i}` }],
        }),
      ),
    )
    const found = await Promise.all(
      numbers.map((i) =>
        patients.findOne({ where: { name: `p${i}` }, relations: { visits: true } }),
      ),
    )

    expect(found.map((patient) => [patient?.ssn, patient?.visits?.[0]?.diagnosis])).toEqual(
      numbers.map((i) => [`ssn ${i}`, `${i}`]),
    )
  })

  if (db.name === "PostgreSQL") {
    test("reads from a replica what it wrote to the primary", async () => {
      const { url } = db.options() as { url: string }
      await connect(keyring)
      const source = await connect(keyring, {
        synchronize: false,
        replication: { master: { url }, slaves: [{ url }] },
      } as object)
      await source.getRepository(Login).save({ id: 1, token: "replicated" })

      expect(await source.getRepository(Login).find()).toMatchObject([{ token: "replicated" }])
    })
  }
})

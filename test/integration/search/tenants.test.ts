import { join } from "node:path"

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { type DataSource, DefaultNamingStrategy, QueryFailedError, type Repository } from "typeorm"

import {
  decryptColumns,
  encryptColumns,
  Keyring,
  rotateColumns,
  withEncryption,
} from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { startProcess } from "../bulk/processes"
import { rowsOf } from "../stored"
import { Customer, Seat, Subscriber, Tenant } from "./tenants"

/** As applications have it: every name, given or not, gets another form. */
class PrefixNaming extends DefaultNamingStrategy {
  override columnName(property: string, name: string, prefixes: string[]): string {
    return `c_${super.columnName(property, name, prefixes)}`
  }
}

const rotated = new Keyring([keys.second, keys.first])

const bind = (unbound: DataSource) => withEncryption(unbound, { keyring, plaintext: "allow" })

eachDatabase("a blind index that is unique per tenant", (db) => {
  let source: DataSource
  let seats: Repository<Seat>

  beforeAll(async () => {
    source = await db.connect({ entities: [Seat], synchronize: true }, bind)
    seats = source.getRepository(Seat)
  })

  beforeEach(async () => {
    await seats.createQueryBuilder().delete().execute()
    await seats.insert({ tenantId: 1, email: "ada@example.com" })
  })

  test("refuses an equal value in the same tenant, and no other", async () => {
    const again = seats.insert({ tenantId: 1, email: "ADA@example.com" })

    await expect(again).rejects.toBeInstanceOf(QueryFailedError)
    await seats.insert({ tenantId: 2, email: "ada@example.com" })
    // As the database has it, NULL is equal to nothing
    await seats.insert({ tenantId: null, email: "ada@example.com" })
    await seats.insert({ tenantId: null, email: "ada@example.com" })
    await seats.insert([{ tenantId: 1 }, { tenantId: 1 }])
    expect(await seats.countBy({ email: "Ada@example.com" })).toBe(4)
  })

  test("shows no drift", async () => {
    const builder = (await db.connect({ entities: [Seat] }, bind)).driver.createSchemaBuilder()

    expect((await builder.log()).upQueries).toEqual([])
  })

  test("is found by upsert", async () => {
    // Anew each time, since TypeORM adds what it generated
    const values = (tenantId: number) => ({ tenantId, email: "Ada@example.com", visits: 3 })
    await seats.upsert(values(1), ["email", "tenantId"])
    await seats.upsert(values(2), { conflictPaths: ["tenantId", "email"] })
    await seats.upsert({ tenantId: 1, email: "ADA@example.com", visits: 4 }, [
      "email_bidx",
      "tenantId",
    ])

    const rows = await rowsOf(db, "seat")
    expect(rows.map(({ tenant_no, visits }) => [Number(tenant_no), Number(visits)]).sort()).toEqual(
      [
        [1, 4],
        [2, 3],
      ],
    )
  })

  test("is no conflict path of an upsert without the tenant", async () => {
    const upsert = seats.upsert({ tenantId: 1, email: "ada@example.com" }, ["email"])

    await expect(upsert).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Seat.email",
      message: expect.stringMatching(/unique within tenantId only.*Add tenantId to the path/),
    })
  })

  test("is kept by bulk commands, which list the row that has an equal value", async () => {
    await db.rawRows("DELETE FROM seat")
    const cells = ["(1, 'ada@x')", "(1, 'ADA@x')", "(2, 'ada@x')"]
    for (const [i, cell] of cells.entries()) {
      const [tenant = "", email = ""] = cell.slice(1, -1).split(", ")
      const id = `'00000000-0000-4000-8000-00000000000${i}'`
      await db.rawRows(
        `INSERT INTO seat (id, tenant_no, email, visits) VALUES (${id}, ${tenant}, ${email}, 0)`,
      )
    }

    const report = await encryptColumns(source, Seat)

    expect(report).toMatchObject({ changed: 2, indexes: { "Seat.email_bidx": { missing: 1 } } })
    const left = new Set(report.failures.map(({ key }) => String(key)))
    expect([...left]).toEqual(["00000000-0000-4000-8000-000000000001"])
    const stored = await rowsOf(db, "seat")
    const indexed = stored.filter(({ email_bidx }) => email_bidx !== null)
    expect(indexed.map(({ tenant_no }) => Number(tenant_no)).sort()).toEqual([1, 2])

    await decryptColumns(source, Seat)
    const plain = (await rowsOf(db, "seat")).map(({ email, email_bidx }) => [email, email_bidx])
    expect(plain.sort()).toEqual([
      ["ADA@x", null],
      ["ada@x", null],
      ["ada@x", null],
    ])
  })

  test("goes by the names that a naming strategy gives", async () => {
    const named = await db.connect(
      { entities: [Seat], synchronize: true, dropSchema: true, namingStrategy: new PrefixNaming() },
      bind,
    )
    const renamed = named.getRepository(Seat)
    await renamed.insert({ tenantId: 1, email: "ada@x" })

    await expect(renamed.insert({ tenantId: 1, email: "ADA@x" })).rejects.toBeInstanceOf(
      QueryFailedError,
    )
    await renamed.upsert({ tenantId: 1, email: "ada@x", visits: 5 }, ["email", "tenantId"])
    expect(
      await rotateColumns(named, Seat, { keyring: rotated, blindIndexKeyring: keyring }),
    ).toMatchObject({
      changed: 1,
      indexes: { "Seat.c_email_bidx": { current: 1 } },
    })
    const [row] = await db.rawRows("SELECT * FROM seat")
    expect([Number(row?.c_tenant_no), Number(row?.c_visits)]).toEqual([1, 5])
    expect(row?.c_c_email_bidx).toEqual(expect.any(String))
    expect((await named.driver.createSchemaBuilder().log()).upQueries).toEqual([])
    await db.connect({ entities: [Seat], synchronize: true, dropSchema: true }, bind)
  })

  test("lets exactly one of two processes have an address", async () => {
    await seats.createQueryBuilder().delete().execute()
    const script = join(__dirname, "racing-process.ts")
    const racers = [1, 2].map(() =>
      startProcess<{ won: number; lost: number }>(script, [JSON.stringify(db.options())]),
    )
    await Promise.all(racers.map((racer) => racer.begin()))
    const [one, other] = await Promise.all(racers.map((racer) => racer.result()))

    const won = (one?.won ?? 0) + (other?.won ?? 0)
    expect([won, (one?.lost ?? 0) + (other?.lost ?? 0)]).toEqual([200, 200])
    const rows = await rowsOf(db, "seat")
    expect(rows).toHaveLength(200)
    expect(new Set(rows.map((row) => JSON.stringify([row.tenant_no, row.email_bidx]))).size).toBe(
      200,
    )
  })
})

eachDatabase("a blind index that is unique among live rows", (db) => {
  const entities = [Tenant, Subscriber, Customer]

  if (db.name === "MariaDB") {
    test("is refused with the statement that has the same effect", async () => {
      const refused: unknown = await db.connect({ entities }, bind).catch((error: unknown) => error)

      expect(refused).toMatchObject({ code: "ERR_COLUMN_MISUSE" })
      const { message } = refused as Error
      const statement =
        "ALTER TABLE `subscriber` ADD `phone_bidx_live` varchar(32) AS " +
        "(IF(`deleted at` IS NULL, `phone_bidx`, NULL)), ADD UNIQUE INDEX (`phone_bidx_live`)"
      expect(message).toContain(`${statement}.`)
      await db.rawRows("CREATE TABLE subscriber (`deleted at` datetime, phone_bidx varchar(32))")
      await db.rawRows(statement)
      await db.rawRows(
        "INSERT INTO subscriber (`deleted at`, phone_bidx) VALUES (now(), 'a'), (NULL, 'a')",
      )
      const second = db.rawRows("INSERT INTO subscriber (phone_bidx) VALUES ('a')")
      await expect(second).rejects.toThrow("Duplicate")
    })
    return
  }

  describe("of a tenant", () => {
    let source: DataSource
    let customers: Repository<Customer>
    const of = (id: number, name: string, phone?: string) => ({
      tenant: { id },
      login: { name },
      ...(phone !== undefined && { phone }),
    })

    beforeAll(async () => {
      source = await db.connect({ entities, synchronize: true }, bind)
      customers = source.getRepository(Customer)
      await source.getRepository(Tenant).insert([{ id: 1 }, { id: 2 }])
    })

    beforeEach(async () => {
      await customers.createQueryBuilder().delete().execute()
      await customers.save(of(1, "ada", "1"))
    })

    test("refuses an equal value, until the row is softly deleted", async () => {
      await expect(customers.save(of(1, "ada"))).rejects.toBeInstanceOf(QueryFailedError)
      await expect(customers.save(of(2, "bob", "1"))).rejects.toBeInstanceOf(QueryFailedError)
      await customers.save(of(2, "ada"))

      const ada = await customers.findOneByOrFail({ phone: "1" })
      await customers.softRemove(ada)
      await customers.save(of(1, "ada", "1"))

      expect(await customers.countBy({ login: { name: "ada" } })).toBe(2)
      expect(await customers.count({ where: { phone: "1" }, withDeleted: true })).toBe(2)
      await expect(customers.restore({ phone: "1" })).rejects.toBeInstanceOf(QueryFailedError)
    })

    test("shows no drift", async () => {
      const builder = (await db.connect({ entities }, bind)).driver.createSchemaBuilder()

      expect((await builder.log()).upQueries).toEqual([])
    })

    test("is kept by bulk commands, to which rows that were deleted are not equal", async () => {
      await db.rawRows("DELETE FROM subscriber")
      const insert = (id: number, name: string, deleted: string) =>
        db.rawRows(
          `INSERT INTO subscriber (id, kind, tenant_no, ${db.escape("loginName")}, visits, ${db.escape("deleted at")}) ` +
            `VALUES ('00000000-0000-4000-8000-00000000000${id}', 'Customer', 1, '${name}', 0, ${deleted})`,
        )
      await insert(1, "ada", "'2026-01-01'")
      await insert(2, "ada", "'2026-01-02'")
      await insert(3, "ada", "NULL")
      await insert(4, "ada", "NULL")

      const report = await encryptColumns(source, Subscriber)

      expect(report).toMatchObject({
        changed: 3,
        indexes: { "Subscriber.loginName_bidx": { current: 3, missing: 1 } },
      })
      expect(new Set(report.failures.map(({ key }) => String(key).at(-1)))).toEqual(new Set(["4"]))
      await customers.softDelete("00000000-0000-4000-8000-000000000003")
      expect(await encryptColumns(source, Subscriber)).toMatchObject({ changed: 1, failed: 0 })
      expect(await decryptColumns(source, Subscriber)).toMatchObject({ changed: 4, failed: 0 })
      const rows = await rowsOf(db, "subscriber")
      expect(rows.map((row) => [row.loginName, row.loginName_bidx])).toEqual(
        Array(4).fill(["ada", null]),
      )
    })

    test("is found by upsert, which names the live rows itself", async () => {
      const ada = await customers.findOneByOrFail({ phone: "1" })
      await customers.softRemove(ada)
      for (const visits of [1, 2]) {
        await customers.upsert({ ...of(1, "ada", "1"), visits }, ["login.name", "tenant"])
        await customers.upsert({ ...of(1, "ada", "1"), visits: visits * 2 }, ["phone"])
      }

      const rows = await rowsOf(db, "subscriber")
      const live = rows.filter((row) => row["deleted at"] === null)
      expect(live.map(({ visits }) => Number(visits))).toEqual([4])
      expect(rows).toHaveLength(2)
    })
  })
})

import { inspect } from "node:util"

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"
import { Column, type DataSource, Entity, ManyToOne, OneToMany, PrimaryColumn } from "typeorm"

import {
  decryptRaw,
  EncryptedColumn,
  encryptFor,
  generateKey,
  Keyring,
  runWithActor,
  searchFor,
  TenantKeys,
} from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, rejection } from "../memory-source"
import { recordEvents } from "./recorded"

@Entity()
class Patient {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @EncryptedColumn({ nullable: true }) note?: string | null
  @Column({ type: "text", nullable: true }) ward?: string | null
  @OneToMany(() => Visit, (visit) => visit.patient, { cascade: true }) visits?: Visit[]
}

@Entity()
class Visit {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn() diagnosis!: string
  @ManyToOne(() => Patient, (patient) => patient.visits) patient?: Patient
}

@Entity()
class Ward {
  @PrimaryColumn("int") id!: number
  @Column("text") name!: string
}

const [fingerprint] = keyring.fingerprints
const entities = [Patient, Visit, Ward]
let dataSource: DataSource

beforeEach(async () => {
  dataSource = await boundSource(entities)
  const rows = Array.from({ length: 30 }, (_, i) => ({
    id: i + 1,
    ssn: `legible-${i}`,
    note: null,
  }))
  await dataSource.manager.insert(Patient, rows)
  await dataSource.manager.insert(Visit, { id: 7, diagnosis: "legible", patient: { id: 1 } })
})

afterEach(() => dataSource.destroy())

const patients = () => dataSource.getRepository(Patient)

/** A patient whose cell no key opens. */
function damage(id: number): Promise<unknown> {
  const foreign = new Keyring([generateKey()]).encrypt("legible")
  return dataSource.query("UPDATE patient SET ssn = ? WHERE id = ?", [foreign, id])
}

describe("a statement that reads", () => {
  test("tells once of all that was decrypted, by column", async () => {
    const events = await recordEvents(() => patients().find({ relations: { visits: true } }))

    expect(events).toEqual([
      [
        "decrypt",
        {
          actor: undefined,
          tenant: undefined,
          entity: "Patient",
          error: undefined,
          columns: [
            { column: "Patient.ssn", cells: 30 },
            { column: "Visit.diagnosis", cells: 1 },
          ],
          cells: 31,
          rows: undefined,
          attributes: {
            "db.system.name": "sqlite",
            "db.collection.name": "patient",
            "db.operation.name": "SELECT",
            "typeorm_fernet.column": ["Patient.ssn", "Visit.diagnosis"],
            "typeorm_fernet.cells": 31,
          },
        },
      ],
    ])
  })

  test.each<[string, () => Promise<unknown>]>([
    ["find", () => patients().find({ take: 2, order: { id: "ASC" } })],
    ["findAndCount", () => patients().findAndCount({ take: 2, order: { id: "ASC" } })],
    ["getMany", () => patients().createQueryBuilder("p").where("p.id < 3").getMany()],
    [
      "getRawMany, decrypted",
      async () => {
        const builder = patients().createQueryBuilder("p").where("p.id < 3").orderBy("p.id")
        return decryptRaw(dataSource, Patient, await builder.getRawMany<object>())
      },
    ],
  ])("names the rows where they are few: %s", async (_, read) => {
    const events = await recordEvents(read)

    expect(events).toMatchObject([["decrypt", { cells: 2, rows: [{ id: 1 }, { id: 2 }] }]])
  })

  test("tells nothing of rows without encrypted values, of counts, and of other entities", async () => {
    await dataSource.manager.insert(Ward, { id: 1, name: "W1" })

    const events = await recordEvents(async () => {
      await patients().count()
      await patients().find({ select: { id: true } })
      await patients().findBy({ id: 99 })
      await dataSource.manager.find(Ward)
      await patients().createQueryBuilder("p").getRawMany()
    })

    expect(events).toEqual([])
  })

  test("tells of each statement by itself, however many run at once, and for whom", async () => {
    const events = await recordEvents(() =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          runWithActor(`user-${i}`, () => patients().findBy({ id: i + 1 })),
        ),
      ),
    )

    const told = events.map(([, { actor, rows, cells }]) => ({ actor, rows, cells }))
    expect(new Set(told.map(({ actor }) => actor)).size).toBe(20)
    expect(told).toEqual(
      told.map(({ actor }) => ({
        actor,
        rows: [{ id: Number(String(actor).slice("user-".length)) + 1 }],
        cells: 1,
      })),
    )
  })
})

describe("a statement that writes", () => {
  test("tells once of what was encrypted, under which key, of which rows", async () => {
    const patient = {
      id: 40,
      ssn: "legible-40",
      note: "legible",
      visits: [{ id: 8, diagnosis: "x" }],
    }

    const events = await recordEvents(() => patients().save(patient))

    expect(events.filter(([name]) => name === "encrypt")).toMatchObject([
      [
        "encrypt",
        {
          entity: "Patient",
          columns: [
            { column: "Patient.ssn", cells: 1 },
            { column: "Patient.note", cells: 1 },
          ],
          cells: 2,
          keys: [fingerprint],
          rows: [{ id: 40 }],
          attributes: {
            "db.operation.name": "INSERT",
            "typeorm_fernet.key.fingerprint": [fingerprint],
          },
        },
      ],
      ["encrypt", { entity: "Visit", cells: 1, rows: [{ id: 8 }] }],
    ])
  })

  test("tells so of update, upsert and a query builder", async () => {
    const events = await recordEvents(async () => {
      await patients().update({ id: 1 }, { note: "legible" })
      await patients().upsert({ id: 2, ssn: "legible-2" }, ["id"])
      await patients().createQueryBuilder().update().set({ note: "legible" }).execute()
      await patients().update({ id: 1 }, { ward: "W1" })
    })

    expect(events).toMatchObject([
      ["encrypt", { cells: 1, attributes: { "db.operation.name": "UPDATE" } }],
      ["encrypt", { cells: 1, attributes: { "db.operation.name": "INSERT" } }],
      ["encrypt", { cells: 1, rows: undefined }],
    ])
  })

  test("tells what it failed with", async () => {
    const events = await recordEvents(() => rejection(patients().insert({ id: 1, ssn: "legible" })))

    expect(events).toMatchObject([
      [
        "encrypt",
        { error: "SQLITE_CONSTRAINT_PRIMARYKEY", attributes: { "error.type": expect.any(String) } },
      ],
    ])
  })

  test.each([null, "a text"])("tells that it failed with %p", async (thrown) => {
    const runner = dataSource.createQueryRunner()
    jest.spyOn(runner, "query").mockRejectedValueOnce(thrown)

    const events = await recordEvents(async () => {
      const insert = dataSource.createQueryBuilder(runner).insert().into(Patient)
      await insert
        .values({ id: 41, ssn: "legible" })
        .execute()
        .catch(() => undefined)
    })

    expect(events).toMatchObject([["encrypt", { error: "Error" }]])
  })

  test("tells of a value for a statement of the caller's own", async () => {
    const events = await recordEvents(() => encryptFor(dataSource, Patient, "ssn", "legible"))

    expect(events).toMatchObject([
      ["encrypt", { entity: "Patient", cells: 1, keys: [fingerprint] }],
    ])
  })

  test("tells nothing of one that is only compiled", async () => {
    const events = await recordEvents(() =>
      patients().createQueryBuilder().update().set({ note: "legible" }).getQueryAndParameters(),
    )

    expect(events).toEqual([])
  })
})

describe("a statement that searches", () => {
  test.each<[string, number, () => unknown]>([
    ["find", 1, () => patients().findBy({ ssn: "legible-1" })],
    ["alternatives", 2, () => patients().findBy([{ ssn: "legible-1" }, { ssn: "legible-2" }])],
    ["count", 1, () => patients().countBy({ ssn: "legible-1" })],
    [
      "a string",
      1,
      () =>
        patients().createQueryBuilder("p").where("p.ssn = :ssn", { ssn: "legible-1" }).getMany(),
    ],
    [
      "a string of several statements",
      2,
      () =>
        patients()
          .createQueryBuilder("p")
          .where("p.ssn IN (:...ssn)", { ssn: ["legible-1", "legible-2"] })
          .getManyAndCount(),
    ],
    ["an update", 1, () => patients().update({ ssn: "legible-1" }, { ward: "W1" })],
    ["a delete", 1, () => patients().delete({ ssn: "legible-1" })],
    ["searchFor", 1, () => searchFor(dataSource, Patient, "ssn", "legible-1")],
  ])("tells which index it asked, and for how many values: %s", async (_, values, search) => {
    const events = await recordEvents(search)

    expect(events.filter(([name]) => name === "search")).toMatchObject([
      [
        "search",
        {
          entity: "Patient",
          indexes: [{ index: "ssn_bidx", columns: ["Patient.ssn"], values }],
          attributes: { "typeorm_fernet.index": ["ssn_bidx"], "typeorm_fernet.values": values },
        },
      ],
    ])
  })
})

describe("cells that cannot be read", () => {
  test("are told as a failure, and what was decrypted before is not told as given", async () => {
    await damage(3)

    const events = await recordEvents(() => rejection(patients().find({ order: { id: "ASC" } })))

    expect(events).toMatchObject([
      [
        "decrypt.failed",
        {
          outcome: "failed",
          error: "ERR_DECRYPTION_FAILED",
          failures: [{ column: "Patient.ssn", reason: "unknown-key", cells: 1 }],
          cells: 1,
          decrypted: 2,
          attributes: {
            "error.type": "ERR_DECRYPTION_FAILED",
            "typeorm_fernet.reason": ["unknown-key"],
          },
        },
      ],
    ])
  })

  test("are told apart from those of the same result that were given", async () => {
    await dataSource.destroy()
    dataSource = await boundSource(entities, { keyring, onUnreadable: () => null })
    await patients().insert([1, 2, 3].map((id) => ({ id, ssn: `legible-${id}` })))
    await damage(3)

    const events = await recordEvents(() => patients().find())

    expect(events).toMatchObject([
      ["decrypt.failed", { outcome: "partial", cells: 1, decrypted: 2, error: undefined }],
      ["decrypt", { cells: 2, rows: [{ id: 1 }, { id: 2 }, { id: 3 }] }],
    ])
  })

  test("that are no tokens are told by the statement", async () => {
    await dataSource.destroy()
    dataSource = await boundSource(entities, { keyring, plaintext: "allow" })
    await dataSource.query("INSERT INTO patient (id, ssn) VALUES (1, 'legible'), (2, 'legible')")

    const events = await recordEvents(() => patients().find())

    expect(events).toMatchObject([
      [
        "plaintext.read",
        {
          entity: "Patient",
          columns: [{ column: "Patient.ssn", plaintext: 2, legacy: 0, unauthenticated: 0 }],
          cells: 2,
        },
      ],
      ["decrypt", { cells: 2 }],
    ])
  })
})

test("events name the tenant, and hold no value, token or index value", async () => {
  await dataSource.destroy()
  const tenants = new TenantKeys(() => keyring)
  dataSource = await boundSource(entities, { keyring: tenants })
  const stored: object[] = []

  const events = await recordEvents(() =>
    tenants.run("north", async () => {
      await patients().save({ id: 1, ssn: "legible-1", note: "legible" })
      await patients().findBy({ ssn: "legible-1" })
      searchFor(dataSource, Patient, "ssn", "legible-1")
      const rows: object[] = await dataSource.query("SELECT ssn, note, ssn_bidx FROM patient")
      stored.push(...rows)
    }),
  )

  expect(events.length).toBeGreaterThanOrEqual(4)
  expect(events.every(([, { tenant }]) => tenant === "north")).toBe(true)
  const shown = inspect(events, { depth: Infinity, showHidden: true })
  const secrets = ["legible", "gAAAAA", ...stored.flatMap((row) => Object.values(row) as unknown[])]
  expect(secrets.filter((secret) => shown.includes(String(secret)))).toEqual([])
})

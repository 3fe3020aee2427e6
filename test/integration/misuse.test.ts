import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Repository,
  VersionColumn,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

class Contact {
  @EncryptedColumn({ nullable: true }) phone?: string | null
  @Column({ type: "varchar", length: 20, nullable: true }) city?: string | null
}

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @Column({ type: "varchar", length: 50, default: "" }) name?: string
  @Column({ type: "int", default: 0 }) count?: number
  @EncryptedColumn({ nullable: true }) ssn?: string | null
  @EncryptedColumn({ nullable: true, codec: "json" }) history?: unknown
  @Column(() => Contact) contact?: Contact
  @OneToMany(() => Visit, ({ patient }) => patient) visits?: Visit[]
  @ManyToMany(() => Patient) @JoinTable() friends?: Patient[]
  @VersionColumn() version?: number
  @DeleteDateColumn() deletedAt?: Date | null
}

@Entity()
class Visit {
  @PrimaryColumn() id!: number
  @EncryptedColumn() diagnosis!: string
  @ManyToOne(() => Patient, ({ visits }) => visits) patient?: Patient | null
}

const ssn = "078-05-1120"
const history = { allergies: ["nuts"] }

eachDatabase("every other way into a table", (db) => {
  let source: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    source = await db.connect({ entities: [Patient, Visit], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    patients = source.getRepository(Patient)
  })
  beforeEach(async () => {
    await source.createQueryBuilder().delete().from(Visit).execute()
    await source.createQueryBuilder().delete().from(Patient).execute()
    await patients.insert({ id: 1, name: "Ada", ssn, history, contact: { phone: "555" } })
    await source.getRepository(Visit).insert({ id: 1, diagnosis: "flu", patient: { id: 1 } })
  })

  const stored = async (id = 1): Promise<Record<string, unknown>> => {
    const [row = {}] = await db.rawRows(
      `SELECT * FROM ${db.escape("patient")} WHERE ${db.escape("id")} = ${id}`,
    )
    return row
  }
  const opened = async (column: string, id = 1): Promise<unknown> => {
    const { [column]: cell } = await stored(id)
    return typeof cell === "string" ? keyring.decryptText(cell) : cell
  }

  test("preload and save change one property and leave the others", async () => {
    const before = await stored()
    const patient = await patients.preload({ id: 1, ssn: "changed" })
    await patients.save(patient ?? {})

    const after = await stored()

    expect(await opened("ssn")).toBe("changed")
    expect(after.history).toBe(before.history)
    expect(after.contactPhone).toBe(before.contactPhone)
  })

  test("saving a part of an entity leaves the rest", async () => {
    await patients.save({ id: 1, contact: { city: "Ulm" } })
    await patients.save({ id: 1, name: "Eve" })

    expect(await opened("ssn")).toBe(ssn)
    expect(await opened("contactPhone")).toBe("555")
  })

  test("create, merge and a spread copy carry plaintext", async () => {
    const found = await patients.findOneByOrFail({ id: 1 })
    const copy = patients.create(found)
    const merged = patients.merge(patients.create({ id: 2 }), found, { id: 3 })
    await patients.save(copy)
    await patients.save(Object.assign(merged, { version: undefined }))

    expect((await patients.findOneByOrFail({ id: 1 })).version).toBe(1)
    expect(await patients.findOneByOrFail({ id: 3 })).toMatchObject({ ssn, history })
  })

  test("soft-removed and recovered entities keep their tokens", async () => {
    const before = await stored()
    const patient = await patients.findOneByOrFail({ id: 1 })
    await patients.softRemove(patient)
    expect(await patients.count()).toBe(0)
    await patients.recover(patient)
    await patients.softDelete(1)
    await patients.restore(1)

    const { ssn: token, history: other } = await stored()

    expect([token, other]).toEqual([before.ssn, before.history])
  })

  test("orIgnore keeps what is there", async () => {
    const before = await stored()
    await patients
      .createQueryBuilder()
      .insert()
      .values([
        { id: 1, ssn: "ignored" },
        { id: 2, ssn: "new" },
      ])
      .orIgnore()
      .execute()

    expect(await stored()).toEqual(before)
    expect(await opened("ssn", 2)).toBe("new")
  })

  test("orUpdate and upsert write tokens", async () => {
    await patients
      .createQueryBuilder()
      .insert()
      .values({ id: 1, ssn: "by orUpdate", history })
      .orUpdate(["ssn"], ["id"])
      .execute()
    expect(await opened("ssn")).toBe("by orUpdate")

    await patients.upsert(
      [
        { id: 1, ssn: "by upsert" },
        { id: 2, ssn: null },
      ],
      ["id"],
    )

    expect(await opened("ssn")).toBe("by upsert")
    expect(await opened("ssn", 2)).toBeNull()
  })

  test("update of an embedded property leaves its neighbours", async () => {
    await patients.update(1, { contact: { city: "Ulm" } })
    expect(await opened("contactPhone")).toBe("555")

    await patients
      .createQueryBuilder()
      .update()
      .set({ contact: { phone: "556" } })
      .execute()

    expect(await opened("contactPhone")).toBe("556")
    expect(await stored()).toMatchObject({ contactCity: "Ulm" })
  })

  test("increment touches no token, and none can be incremented", async () => {
    const { ssn: before } = await stored()
    await patients.increment({ id: 1 }, "count", 2)

    await expect(patients.increment({ id: 1 }, "ssn", 1)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
    expect(await stored()).toMatchObject({ count: 2, ssn: before })
  })

  test.each<[statement: string, write: () => Promise<unknown>]>([
    ["insert", () => patients.insert({ id: 2, ssn: () => "'plain'" })],
    ["update", () => patients.update(1, { ssn: () => "'plain'" })],
    ["embedded update", () => patients.update(1, { contact: { phone: () => "'plain'" } })],
    ["upsert", () => patients.upsert({ id: 1, ssn: () => "'plain'" }, ["id"])],
    ["save", () => patients.save({ id: 1, ssn: (() => "'plain'") as never })],
  ])("a SQL expression cannot become a value: %s", async (_statement, write) => {
    const before = await stored()

    await expect(write()).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })

    expect(await stored()).toEqual(before)
  })

  test("a row of getRawMany cannot be saved as it is", async () => {
    const [row] = await db.rawRows(`SELECT * FROM ${db.escape("patient")}`)
    const raw = { id: 2, ssn: row?.ssn as string }

    await expect(patients.save(raw)).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    await expect(patients.insert(raw)).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    await expect(patients.update(1, { ssn: raw.ssn })).rejects.toMatchObject({
      code: "ERR_ALREADY_ENCRYPTED",
    })
    expect(await patients.count()).toBe(1)
  })

  test("relations are set, added and loaded by a relation query builder", async () => {
    await patients.insert({ id: 2, ssn: "friend" })
    const of = (relation: string, id: unknown) =>
      source.createQueryBuilder().relation(Patient, relation).of(id)
    await of("friends", 1).add(2)
    await of("visits", 1).remove(1)
    await of("visits", { id: 2, ssn: "friend" }).add(1)

    expect(await of("friends", 1).loadMany()).toMatchObject([{ id: 2, ssn: "friend" }])
    expect(await of("visits", 2).loadMany()).toMatchObject([{ diagnosis: "flu" }])
  })

  test("an extended repository and the one of a transaction are bound", async () => {
    const extended = patients.extend({
      async rename(this: Repository<Patient>, value: string) {
        await this.save({ id: 1, ssn: value })
      },
    })
    await extended.rename("extended")
    expect(await opened("ssn")).toBe("extended")

    await source.transaction((manager) => manager.withRepository(extended).rename("within"))

    expect(await opened("ssn")).toBe("within")
  })

  test("an entity is a condition by its id, not by its secrets", async () => {
    const patient = await patients.findOneByOrFail({ id: 1 })
    const visits = source.getRepository(Visit)

    // Among find options, TypeORM 1.x refuses the NULLs of a loaded entity itself
    expect(await visits.createQueryBuilder("v").where({ patient }).getCount()).toBe(1)
    expect(await visits.findBy({ patient: { id: patient.id } })).toHaveLength(1)
    await expect(visits.findBy({ patient: { id: 1, ssn: "x" } })).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
    expect((await visits.delete({ patient: { id: patient.id } })).affected).toBe(1)
  })
})

import { beforeAll, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { decryptRaw, EncryptedColumn, encryptFor, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

class Contact {
  @EncryptedColumn({ nullable: true }) phone?: string | null
}

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @Column({ type: "varchar", length: 20 }) name!: string
  @EncryptedColumn({ nullable: true }) ssn?: string | null
  @Column({ type: "varchar", length: 20, name: "old_ssn", default: "none" }) oldSsn?: string
  @EncryptedColumn({ nullable: true, codec: "number" }) weight?: number | null
  @Column(() => Contact) contact!: Contact
  @OneToMany(() => Visit, ({ patient }) => patient) visits!: Visit[]
}

@Entity()
class Visit {
  @PrimaryColumn() id!: number
  @EncryptedColumn() diagnosis!: string
  @ManyToOne(() => Patient, ({ visits }) => visits) patient!: Patient
}

const isToken = expect.stringMatching(/^gAAAAA/) as unknown

eachDatabase("raw rows", (db) => {
  let source: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    source = await db.connect({ entities: [Patient, Visit], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    patients = source.getRepository(Patient)
    await patients.save([
      { id: 1, name: "Ada", ssn: "078-05-1120", weight: 81.5, contact: { phone: "555" } },
      { id: 2, name: "Eve", ssn: null, weight: 0, contact: {} },
    ])
    await source.getRepository(Visit).save({ id: 1, diagnosis: "flu", patient: { id: 1 } })
  })

  const quoted = (...names: string[]) => names.map((name) => db.escape(name)).join(".")
  const selectPatients = () => `SELECT * FROM ${quoted("patient")} ORDER BY ${quoted("id")}`
  const ada = { id: 1, name: "Ada", ssn: "078-05-1120", old_ssn: "none", weight: 81.5 }

  test("of query() are decrypted by column name", async () => {
    const rows = await source.query<Record<string, unknown>[]>(selectPatients())

    expect(decryptRaw(source, Patient, rows)).toEqual([
      { ...ada, contactPhone: "555" },
      { id: 2, name: "Eve", ssn: null, old_ssn: "none", weight: 0, contactPhone: null },
    ])
  })

  test("are left as they were", async () => {
    const rows = await db.rawRows(selectPatients())
    const before = rows.map((row) => ({ ...row }))
    rows.forEach((row) => Object.freeze(row))

    decryptRaw(source, Patient, Object.freeze(rows))

    expect(rows).toEqual(before)
    expect(rows[0]).toMatchObject({ ssn: isToken, weight: isToken })
  })

  test("may be one row, or none", async () => {
    const [row = {}] = await db.rawRows(selectPatients())

    expect(decryptRaw(source, Patient, row)).toMatchObject(ada)
    expect(decryptRaw(source, Patient, [])).toEqual([])
  })

  test("of getRawMany are decrypted behind their alias", async () => {
    const builder = patients.createQueryBuilder("p").orderBy("p.id")

    const rows = decryptRaw(source, Patient, await builder.getRawMany<Record<string, unknown>>())

    expect(rows[0]).toEqual({
      p_id: 1,
      p_name: "Ada",
      p_ssn: "078-05-1120",
      p_old_ssn: "none",
      p_weight: 81.5,
      p_contactPhone: "555",
    })
  })

  test("of a join are decrypted entity by entity", async () => {
    const rows = await patients
      .createQueryBuilder("p")
      .innerJoinAndSelect("p.visits", "v")
      .getRawMany<Record<string, unknown>>()

    const [row] = decryptRaw(source, Visit, decryptRaw(source, Patient, rows))

    expect(row).toMatchObject({ p_ssn: "078-05-1120", p_weight: 81.5, v_diagnosis: "flu" })
  })

  test("with names of their own are decrypted by a mapping, and nothing else", async () => {
    const rows = await patients
      .createQueryBuilder("p")
      .select("p.ssn", "holder")
      .addSelect("p.contact.phone", "tel")
      .addSelect("p.weight", "ssn")
      .where("p.id = 1")
      .getRawMany<Record<string, unknown>>()

    const mapping = { holder: "ssn", tel: "contact.phone" }

    expect(decryptRaw(source, Patient, rows, mapping)).toEqual([
      { holder: "078-05-1120", tel: "555", ssn: isToken },
    ])
  })

  test.each(["name", "nothing", "contact", "visits.diagnosis", "__proto__"])(
    "refuse a mapping to %s, which is no encrypted property",
    (property) => {
      expect(() => decryptRaw(source, Patient, [], { key: property })).toThrow(
        `Patient.${property} is not an encrypted column of a DataSource that went through`,
      )
      expect(() => encryptFor(source, Patient, property, "x")).toThrow("is not an encrypted column")
    },
  )

  test("that hold no token are refused", () => {
    expect(() => decryptRaw(source, Patient, { ssn: "078-05-1120" })).toThrow(
      "Patient.ssn cannot be decrypted: the stored value is not encrypted.",
    )
  })

  test("are written with tokens of encryptFor", async () => {
    const parameter = db.name === "PostgreSQL" ? ["$1", "$2"] : ["?", "?"]
    await source.query(
      `UPDATE ${quoted("patient")} SET ${quoted("weight")} = ${parameter[0] ?? ""}, ` +
        `${quoted("contactPhone")} = ${parameter[1] ?? ""} WHERE ${quoted("id")} = 2`,
      [
        encryptFor(source, Patient, "weight", 60),
        encryptFor(source, Patient, "contact.phone", "556"),
      ],
    )

    expect(await patients.findOneByOrFail({ id: 2 })).toMatchObject({
      weight: 60,
      contact: { phone: "556" },
    })
  })

  test("get another token for the same value, and null for null", () => {
    const tokens = [1, 2].map(() => encryptFor(source, Patient, "ssn", "x"))

    expect(new Set(tokens).size).toBe(2)
    expect(encryptFor(source, Patient, "ssn", null)).toBeNull()
    expect(() => encryptFor(source, Patient, "ssn", undefined)).toThrow("no token for undefined")
  })

  if (db.name !== "SQLite") {
    test("of a stream are decrypted one by one", async () => {
      const stream = await patients.createQueryBuilder("p").where("p.id = 1").stream()
      const seen: unknown[] = []
      for await (const row of stream as AsyncIterable<Record<string, unknown>>) {
        expect(row).toMatchObject({ p_ssn: isToken })
        seen.push(decryptRaw(source, Patient, row))
      }

      expect(seen).toMatchObject([{ p_ssn: "078-05-1120", p_weight: 81.5 }])
    })
  }
})

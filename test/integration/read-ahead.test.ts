import { afterEach, beforeAll, expect, jest, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { TokenKey } from "../../src/fernet/token-key"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

@Entity()
class Clinic {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn()
  address!: string

  @OneToMany(() => Patient, (patient) => patient.clinic)
  patients!: Relation<Patient>[]
}

@Entity()
class Patient {
  @PrimaryColumn({ type: "int" })
  id!: number

  @Column({ type: "int" })
  clinicId!: number

  @ManyToOne(() => Clinic, (clinic) => clinic.patients)
  clinic!: Relation<Clinic>

  @EncryptedColumn({ nullable: true })
  ssn!: string | null

  @EncryptedColumn({ codec: "date" })
  bornOn!: Date

  @EncryptedColumn({ codec: "bytes" })
  scan!: Uint8Array

  @EncryptedColumn({ ttl: 3600 })
  code!: string

  @EncryptedColumn({ padTo: 32 })
  note!: string
}

const clinics = Array.from({ length: 20 }, (_, i) => ({ id: i + 1, address: `${i} Main Street` }))
const patients = Array.from({ length: 200 }, (_, i) => ({
  id: i + 1,
  clinicId: 1 + (i % 20),
  ssn: i % 7 === 0 ? null : `${i}-05-1120`,
  bornOn: new Date(86_400_000 * i),
  scan: Buffer.from([i]),
  code: `code ${i}`,
  note: "n".repeat(i % 40),
}))

eachDatabase("a result of many rows", (db) => {
  let dataSource: DataSource

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Clinic, Patient], synchronize: true }, (source) => {
      withEncryption(source, { keyring })
    })
    await dataSource.getRepository(Clinic).insert(clinics)
    await dataSource.getRepository(Patient).insert(patients)
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  test("is read ahead, and every cell is what was written", async () => {
    const decryptMany = jest.spyOn(Keyring.prototype, "decryptMany")

    const found = await dataSource.getRepository(Patient).find({ order: { id: "ASC" } })

    expect(found).toEqual(patients)
    expect(decryptMany.mock.calls.length).toBeGreaterThan(3)
  })

  test.each([
    ["a list", {}, 0],
    ["joined rows", { clinic: { patients: true } }, 0],
    ["joined rows in another order", { clinic: { patients: true } }, 1],
  ] as const)("of %s has no cell that is decrypted by itself", async (_name, relations, sorted) => {
    const decrypt = jest.spyOn(TokenKey.prototype, "decrypt")
    const signed = jest.spyOn(TokenKey.prototype, "signed")

    const found = await dataSource.getRepository(Patient).find({
      relations,
      order: sorted ? { clinic: { patients: { id: "DESC" } } } : { id: "ASC" },
    })

    expect(found).toHaveLength(patients.length)
    expect([decrypt, signed].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
  })

  test("is right however joined rows are ordered", async () => {
    const found = await dataSource.getRepository(Clinic).find({
      relations: { patients: true },
      order: { patients: { id: "DESC" } },
    })

    const read = found.flatMap((clinic) => clinic.patients.map(({ id, ssn }) => ({ id, ssn })))
    expect(read.sort((a, b) => a.id - b.id)).toEqual(patients.map(({ id, ssn }) => ({ id, ssn })))
    expect(found.map(({ address }) => address).sort()).toEqual(
      clinics.map(({ address }) => address).sort(),
    )
  })

  test("is right when results of several queries cross", async () => {
    const repository = dataSource.getRepository(Patient)

    const pages = await Promise.all(
      [0, 1, 2, 3].map((page) =>
        repository.find({ order: { id: "ASC" }, skip: page * 50, take: 50 }),
      ),
    )

    expect(pages.flat()).toEqual(patients)
  })

  test("is refused for one cell that cannot be read, by its property", async () => {
    const [stored] = await db.rawRows(`SELECT * FROM ${db.escape("patient")} WHERE id = 100`)
    const set = `UPDATE ${db.escape("patient")} SET ssn = `
    await db.rawRows(`${set}'gAAAAABtruncated' WHERE id = 100`)

    const finding = dataSource.getRepository(Patient).find({ order: { id: "ASC" } })

    await expect(finding).rejects.toMatchObject({ property: "Patient.ssn", reason: "malformed" })
    await db.rawRows(`${set}'${String(stored?.ssn)}' WHERE id = 100`)
    expect(await dataSource.getRepository(Patient).count()).toBe(200)
  })
})

import { beforeEach, describe, expect, test } from "@jest/globals"
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { boundSource } from "../memory-source"

@Entity()
class Patient {
  @PrimaryGeneratedColumn() id!: number
  @Column() name!: string
  @EncryptedColumn({ nullable: true, select: false }) ssn?: string | null
}

describe("a property that was not loaded", () => {
  let patients: Repository<Patient>
  let patient: Patient

  beforeEach(async () => {
    patients = (await boundSource([Patient])).getRepository(Patient)
    await patients.save({ name: "Ada", ssn: "078-05-1120" })
    patient = await patients.findOneByOrFail({ name: "Ada" })
  })

  const storedSsn = async () =>
    (await patients.findOneOrFail({ select: { id: true, ssn: true }, where: { name: "Ada" } })).ssn

  test("stays as it is stored over two saves", async () => {
    await patients.save(Object.assign(patient, { name: "Eve" }))
    await patients.save(Object.assign(patient, { name: "Ada" }))

    expect(await storedSsn()).toBe("078-05-1120")
  })

  test.each<[first: string, before: () => Promise<unknown>]>([
    ["loading it", () => Promise.resolve()],
    ["an unchanged save", () => patients.save(patient)],
    ["a save", () => patients.save(Object.assign(patient, { name: "Eve" }))],
    ["a look at its id", () => Promise.resolve(patients.getId(patient))],
  ])("is cleared by a merge of null after %s", async (_first, before) => {
    await before()

    patients.merge(patient, { name: "Ada", ssn: null })
    await patients.save(patient)

    expect(await storedSsn()).toBeNull()
  })

  test("is cleared by setting it to null", async () => {
    await patients.save(patient)
    await patients.save(Object.assign(patient, { ssn: null }))

    expect(await storedSsn()).toBeNull()
  })

  test("is null on a new entity with a key of its own once it is saved", async () => {
    const saved = await patients.save([patients.create({ id: 7, name: "Bob" })])

    expect(saved).toEqual([{ id: 7, name: "Bob", ssn: null }])
  })

  test("stays as it is stored after an insert of the same object failed", async () => {
    const own = Object.assign(new Patient(), { id: 8, name: "Bob" })
    await expect(patients.insert(Object.assign(own, { name: null }))).rejects.toThrow()
    await patients.insert({ id: 8, name: "Bob", ssn: "219-09-9999" })

    await patients.save(Object.assign(own, { name: "Eve" }))
    await patients.save(Object.assign(own, { name: "Ada" }))

    const stored = { select: { id: true, ssn: true }, where: { id: 8 } } as const
    expect(await patients.findOne(stored)).toMatchObject({ ssn: "219-09-9999" })
  })

  test("is null on a new entity once it is saved", async () => {
    const saved = await patients.save(patients.create({ name: "Bob" }))

    expect(saved.ssn).toBeNull()
  })
})

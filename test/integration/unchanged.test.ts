import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import type { DataSource, Repository } from "typeorm"

import { withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { everything, Patient, Visit } from "./model"
import { open, rowsOf } from "./stored"

eachDatabase("saving a loaded entity", (db) => {
  let dataSource: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Patient, Visit], synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
  })

  beforeEach(async () => {
    await dataSource.createQueryBuilder().delete().from(Visit).execute()
    await dataSource.createQueryBuilder().delete().from(Patient).execute()
    const visits = ["flu", "gout", "cough"].map((diagnosis) => ({ diagnosis }))
    await patients.save(patients.create({ name: "Ada", ...everything, visits }))
  })

  const load = () => patients.findOneOrFail({ where: { name: "Ada" }, relations: { visits: true } })
  const rows = async () => [await rowsOf(db, "patient"), await rowsOf(db, "visit")]

  test("writes nothing when nothing changed, nor in children reached by cascade", async () => {
    const before = await rows()
    await patients.save(await load())
    await patients.save(await load())

    expect(await rows()).toEqual(before)
  })

  test("writes nothing for equal values that are other objects", async () => {
    const before = await rows()
    const patient = await load()
    patient.bornOn = new Date(everything.bornOn)
    patient.photo = Uint8Array.from(everything.photo)
    patient.history = { notes: { ward: 3 }, allergies: ["nuts"] }
    await patients.save(patient)

    expect(await rows()).toEqual(before)
  })

  test("writes a value changed in place, and only that one", async () => {
    const [[before] = []] = await rows()
    const patient = await load()
    ;(patient.history as { notes: { ward: number } }).notes.ward = 4
    await patients.save(patient)

    const [[after] = [], visits] = await rows()
    expect(open(after?.history)).toBe('{"allergies":["nuts"],"notes":{"ward":4}}')
    expect(after?.ssn).toBe(before?.ssn)
    expect(after?.version).toBe(2)
    expect(visits?.map(({ version }) => version)).toEqual([1, 1, 1])
  })

  test.each([
    ["ssn", "219-09-9999"],
    ["weight", 82],
    ["account", 3n],
    ["smoker", true],
    ["bornOn", new Date(0)],
    ["history", []],
    ["photo", Buffer.alloc(0)],
    ["ssn", null],
    ["ssn", ""],
  ] as const)("writes a changed %s", async (property, value) => {
    await patients.save(Object.assign(await load(), { [property]: value }))

    const patient = await load()
    expect(patient[property]).toEqual(value)
    expect(patient.version).toBe(2)
  })

  test("writes a change of a child only", async () => {
    const patient = await load()
    const [visit] = patient.visits ?? []
    if (visit) visit.diagnosis = "healthy"
    await patients.save(patient)

    const [[row] = [], visits] = await rows()
    expect(row?.version).toBe(1)
    expect(visits?.filter(({ version }) => version === 2)).toHaveLength(1)
  })
})

import { beforeEach, describe, expect, test } from "@jest/globals"
import { type DataSource, EntitySchema, type Repository } from "typeorm"

import { encryptColumns, encryptedColumn } from "../../../src"
import { boundSource } from "../memory-source"

interface Patient {
  readonly id: number
  [property: string]: unknown
}

const Patients = new EntitySchema<Patient>({
  name: "patient",
  columns: {
    id: { type: "int", primary: true },
    "chart.number": { type: "int", unique: true, nullable: true },
    "name.first": encryptedColumn({
      nullable: true,
      blindIndex: [true, { with: ["name.last"], name: "names" }],
    }),
    "name.last": encryptedColumn({ nullable: true }),
  },
} as never)

let source: DataSource
let patients: Repository<Patient>

beforeEach(async () => {
  source = await boundSource([Patients])
  patients = source.getRepository(Patients)
  await patients.insert({ id: 1, "chart.number": 7, "name.first": "Ada", "name.last": "King" })
})

describe("a blind index of properties with a dot in their names", () => {
  test("answers for one and for both", async () => {
    expect(await patients.countBy({ "name.first": "Ada" })).toBe(1)
    expect(await patients.countBy({ "name.first": "Ada", "name.last": "King" })).toBe(1)
    expect(await patients.countBy({ "name.first": "Ada", "name.last": "Moss" })).toBe(0)
  })

  test("stays where TypeORM leaves the cell, which it does for undefined", async () => {
    await patients.update(1, { "chart.number": 8, "name.first": undefined })

    expect(await patients.findOneBy({ "name.first": "Ada" })).toMatchObject({ "chart.number": 8 })
  })

  test("is completed in a row that is told by such a property", async () => {
    await patients.upsert({ id: 1, "chart.number": 7, "name.last": "Byron" }, ["chart.number"])

    expect(await patients.countBy({ "name.first": "Ada", "name.last": "Byron" })).toBe(1)
  })

  test("is filled in bulk", async () => {
    await source.query("UPDATE patient SET `name.first_bidx` = NULL, names = NULL")

    await encryptColumns(source, Patients)

    expect(await patients.countBy({ "name.first": "Ada", "name.last": "King" })).toBe(1)
    expect(await patients.countBy({ "name.first": "Ada" })).toBe(1)
  })
})

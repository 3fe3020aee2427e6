import { beforeAll, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  type EntityMetadata,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
} from "typeorm"

import type { UniqueScope } from "../../../src/column/blind-index"
import { planScope, scopeCondition } from "../../../src/binding/indexes/unique-scope"
import { memorySource } from "../memory-source"

@Entity()
class Clinic {
  @PrimaryColumn() country!: string
  @PrimaryColumn() id!: number
  @OneToMany(() => Patient, ({ clinic }) => clinic) patients!: Patient[]
}

class Stay {
  @Column({ name: "bed_no" }) bed!: number
  @Column() ended!: string
}

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Clinic, ({ patients }) => patients)
  @JoinColumn()
  clinic!: Clinic
  @Column({ name: "deleted_at" }) deletedAt!: string
  @Column() ended!: string
  @Column(() => Stay) stay!: Stay
}

describe("a scope in which an index is unique", () => {
  let source: DataSource
  let patient: EntityMetadata

  beforeAll(async () => {
    source = await memorySource([Clinic, Patient]).initialize()
    patient = source.getMetadata(Patient)
  })

  /** What it is of, by names of the database. */
  function planned(scope: unknown, prefix = "", metadata = patient): object {
    const { within, whereNull, unknown } = planScope(metadata, prefix, scope as UniqueScope)
    return {
      within: within.map(({ databaseName }) => databaseName),
      whereNull: whereNull.map(({ databaseName }) => databaseName),
      unknown,
    }
  }

  test("is of columns, and of every column of a relation", () => {
    expect(planned({ within: ["clinic", "id"], whereNull: ["deletedAt"] })).toEqual({
      within: ["clinicCountry", "clinicId", "id"],
      whereNull: ["deleted_at"],
      unknown: [],
    })
  })

  test("is of what the class of the index has, and else of the entity's", () => {
    const scope = { within: ["bed", "id", "stay.bed"], whereNull: ["ended"] }

    expect(planned(scope, "stay.")).toMatchObject({
      within: ["bed_no", "id", "bed_no"].map((name) => (name === "id" ? name : "stayBed_no")),
      whereNull: ["stayEnded"],
    })
    expect(planned({ whereNull: ["ended"] })).toMatchObject({ within: [], whereNull: ["ended"] })
  })

  test("says what is neither, or has no column of its own", () => {
    const clinic = source.getMetadata(Clinic)

    expect(planned({ within: ["clinics", "deleted_at"], whereNull: ["bed"] })).toEqual({
      ...{ within: [], whereNull: [], unknown: ["clinics", "deleted_at", "bed"] },
    })
    expect(planned({ within: ["patients"] }, "", clinic)).toMatchObject({ unknown: ["patients"] })
  })

  test("leaves to the validation what is no list of names", () => {
    expect(planned({ within: "id", whereNull: [1, null, "id"] })).toEqual({
      ...{ within: [], whereNull: ["id"], unknown: [] },
    })
  })

  test("has a condition where rows are left out, of all of these", () => {
    const escape = (name: string): string => `<${name}>`
    const conditionOf = (scope: object): string | undefined =>
      scopeCondition(planScope(patient, "", scope), escape)

    expect(conditionOf({ within: ["id"] })).toBeUndefined()
    expect(conditionOf({ whereNull: ["deletedAt"] })).toBe("<deleted_at> IS NULL")
    expect(conditionOf({ whereNull: ["deletedAt", "ended"] })).toBe(
      "<deleted_at> IS NULL AND <ended> IS NULL",
    )
  })
})

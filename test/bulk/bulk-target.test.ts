import { describe, expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../src"
import { type BulkTarget, nameTable } from "../../src/bulk/bulk-target"
import { boundSource } from "../binding/memory-source"

@Entity("patient")
class Patient {
  @PrimaryColumn({ type: "integer" })
  id!: number

  @EncryptedColumn()
  ssn!: string
}

describe("nameTable", () => {
  test.each<[what: string, target: unknown, message: string]>([
    [
      "an entity, which would have all its columns changed",
      { entity: Patient, property: ["ssn"] },
      "The target was given an unknown option property (did you mean properties?).",
    ],
    [
      "a description",
      { table: "patient", column: { ssn: {} } },
      "patient was given an unknown option column (did you mean columns?).",
    ],
    [
      "a column",
      { table: "patient", columns: { ssn: { codecs: "number" } } },
      "patient.ssn was given an unknown option codecs (did you mean codec?).",
    ],
    [
      "a blind index",
      { table: "patient", columns: { ssn: { blindIndex: { uniq: true } } } },
      "A blind index of patient.ssn was given an unknown option uniq (did you mean unique?).",
    ],
  ])("refuses an unknown part of %s", async (_, target, message) => {
    const source = await boundSource([Patient])

    expect(() => nameTable(source, target as BulkTarget)).toThrow(new TypeError(message))
  })
})

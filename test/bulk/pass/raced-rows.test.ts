import { describe, expect, test } from "@jest/globals"

import { decide } from "../../../src/bulk/pass/decision"
import type { Pass } from "../../../src/bulk/pass/pass"
import { noteRacedRows } from "../../../src/bulk/pass/raced-rows"
import { type Batch, batchOf, type Cell, cellAfter } from "../../../src/dialect/batch"
import { patientTable } from "../patient-table"
import { patientPass, sessionOf } from "./patient-pass"

/** Row 10 and on: what is written of `ssn`, `note` and the index of `ssn`. */
const read = batchOf(
  ["10", "20", "30"].map((ssn) => [Number(ssn), ssn, "note", null]),
  3,
)

const end = {
  ...{ completed: true, counted: true, dryRun: false },
  ...{ constrained: [], drift: [], uses: [], statements: [] },
}

async function racedPass(): Promise<Pass> {
  const table = await patientTable([])
  return patientPass(table, await sessionOf(table))
}

describe("noteRacedRows", () => {
  test("knows rows that are as they were read, which a database may count as changed", async () => {
    const pass = await racedPass()

    const refused = noteRacedRows(pass, decide(pass, read), 3, read)

    expect(refused).toBe(3)
    expect(pass.tally).toMatchObject({ changed: 0, raced: 0 })
  })

  test("takes a row for the run's own only if all of it is what was written", async () => {
    const pass = await racedPass()
    const rows = [null, null, "30"].map((ssn, i) => [i, ssn, "note", null])
    const read = batchOf(rows, 3)
    const decision = decide(pass, read)
    const meant = (row: number): Cell[] => [0, 1, 2].map((i) => cellAfter(decision, i, row))
    const theirs = (row: number, column: number): unknown[] => [
      ...read.primaryKeyAt(row),
      ...meant(row).with(column, "theirs"),
    ]
    const again: Batch = batchOf([theirs(0, 0), theirs(1, 2), [2, ...meant(2)]], 3)

    const refused = noteRacedRows(pass, decision, 1, again)

    expect(refused).toBe(0)
    expect(pass.tally).toMatchObject({ changed: 1, raced: 2 })
    const { columns } = pass.tally.report("patient", end)
    expect(columns["patient.ssn"]?.before).toMatchObject({ plaintext: 1, current: -1 })
  })

  test("credits the run with as many of the rows that are gone as it changed", async () => {
    const pass = await racedPass()
    const decision = decide(pass, read)

    noteRacedRows(pass, decision, 2, batchOf([], 3))

    expect(pass.tally).toMatchObject({ changed: 2, raced: 1 })
    const { columns } = pass.tally.report("patient", end)
    expect(columns["patient.ssn"]?.before).toMatchObject({ plaintext: 2, current: -2 })
  })

  test("tells rows apart by all of their key", async () => {
    const pass = await racedPass()
    const two = batchOf(
      [
        ["a", 1, "10", null, null],
        ["a", 2, "20", null, null],
      ],
      3,
    )
    const decision = decide(pass, two)

    const refused = noteRacedRows(pass, decision, 1, batchOf([["a", 2, "20", null, null]], 3))

    expect(refused).toBe(1)
    expect(pass.tally).toMatchObject({ changed: 1, raced: 0 })
  })
})

import { describe, expect, test } from "@jest/globals"

import { decide } from "../../../src/bulk/pass/decision"
import { batchOf } from "../../../src/dialect/batch"
import { patientTable } from "../patient-table"
import { patientPass, sessionOf } from "./patient-pass"

const limited = (limit?: number): { limit: number | undefined; holdsNul: boolean } => ({
  ...{ limit, holdsNul: true },
})

describe("a cell with a NUL character", () => {
  test.each([
    [false, ["a", undefined, null]],
    [true, ["a", "b\0", null]],
  ])("is left as it was where the database has no room for one: %s", async (holdsNul, expected) => {
    const table = await patientTable([])
    const limits = [{ limit: undefined, holdsNul }]
    const { job: made, ...rest } = await patientPass(table, await sessionOf(table), { limits })
    const newCells = ["a", "b\0", null]
    const job: typeof made = {
      ...made,
      decide: (...given) => ({ ...made.decide(...given), newCells }),
    }
    const batch = batchOf(
      newCells.map((_, id) => [id, "x", null, null]),
      3,
    )

    const decision = decide({ ...rest, job }, batch)

    expect(decision.newCells[0]).toEqual(expected)
    expect([...(decision.columns[0]?.problems ?? [])]).toEqual(
      holdsNul
        ? []
        : [
            [
              1,
              "patient.ssn is left as it was: what it would become holds a NUL character, which " +
                "this database has no room for.",
            ],
          ],
    )
  })
})

describe("a cell that is longer than its column", () => {
  test("is left as it was, with a problem, and all others are not", async () => {
    const table = await patientTable([])
    const pass = await patientPass(table, await sessionOf(table), {
      limits: [limited(120), limited()],
    })
    const long = "a value whose token is longer than 120 characters"
    const batch = batchOf(
      [
        [10, "short", long, null],
        [20, long, null, null],
      ],
      3,
    )

    const { newCells, columns, rows } = decide(pass, batch)

    expect(newCells[0]?.[0]).toMatch(/^gAAAAA/)
    expect(newCells[0]?.[1]).toBeUndefined()
    expect(newCells[1]?.[0]).toMatch(/^gAAAAA/)
    expect([...(columns[0]?.problems ?? [])]).toEqual([
      [1, "patient.ssn is left as it was: what it would become is longer than 120."],
    ])
    expect(columns[1]?.problems.size).toBe(0)
    // Its index is kept in step with what it holds
    expect(rows).toEqual([0, 1])
  })

  test("is measured in characters, of which a pair of surrogates is one", async () => {
    const table = await patientTable([])
    const session = await sessionOf(table)
    const { job: encrypting, ...rest } = await patientPass(table, session, { limits: [limited(3)] })
    const made = ["𝒳𝒳𝒳", "abcd", "𝒳𝒳𝒳𝒳", "abc"]
    const job: typeof encrypting = {
      ...encrypting,
      decide: (...given) => ({ ...encrypting.decide(...given), newCells: made }),
    }
    const batch = batchOf(
      made.map((_, id) => [id, "x", null, null]),
      3,
    )

    const { newCells } = decide({ ...rest, job }, batch)

    expect(newCells[0]).toEqual(["𝒳𝒳𝒳", undefined, undefined, "abc"])
  })
})

import { describe, expect, test } from "@jest/globals"

import { keys } from "../../support/keys"
import { indexValue, seal } from "./fernet"
import { type Expected, tallyOf } from "./tally"

const context = "torture/patient/ssn"
const none = { lost: 0, resurrected: 0, doubled: 0, left: 0, wrongCompanions: 0 }
const expected: Expected = {
  ...{ truth: new Map([["1", "value 1.2"]]), keys: [keys.first], context },
  everyKey: [keys.first, keys.second],
}
const done: Expected = {
  ...expected,
  done: { isDone: (cell) => cell.startsWith("gAAAA"), companion: "right" },
}
const row = (cell: string, companion: string | null = null, id = 1) => ({
  ...{ id, ssn: cell, ssn_bidx: companion },
})

describe("the checker of runs that were killed", () => {
  test("finds nothing wrong with what is right", () => {
    const cell = seal(keys.first, "value 1.2")
    const companion = indexValue(keys.first, context, "value 1.2")

    expect(tallyOf([row("value 1.2")], expected)).toEqual(none)
    expect(tallyOf([row(cell, companion)], done)).toEqual(none)
  })

  test.each([
    ["a row that is gone", "lost", []],
    ["another row's value", "lost", [row("value 2.1")]],
    ["a token that was cut", "lost", [row(`${seal(keys.first, "value 1.2").slice(0, -4)}AAA=`)]],
    ["a value from before", "resurrected", [row("value 1.1")]],
    ["the value of the beginning", "resurrected", [row("value 1")]],
    ["a row that was deleted", "resurrected", [row("value 1.2"), row("value 2", null, 2)]],
    ["a token of a token", "doubled", [row(seal(keys.first, seal(keys.first, "value 1.2")))]],
    [
      "the index value of another value",
      "wrongCompanions",
      [row("value 1.2", indexValue(keys.first, context, "value 1.1"))],
    ],
  ])("counts %s as %s", (_what, kind, rows) => {
    expect(tallyOf(rows, expected)).toEqual({ ...none, [kind]: 1 })
  })

  test("counts what is left to do, and index values that are missing or under another key", () => {
    const older = indexValue(keys.second, context, "value 1.2")

    expect(tallyOf([row("value 1.2")], done)).toEqual({ ...none, left: 1, wrongCompanions: 1 })
    expect(tallyOf([row(seal(keys.first, "value 1.2"), older)], done)).toEqual({
      ...none,
      wrongCompanions: 1,
    })
  })
})

import { describe, expect, test } from "@jest/globals"

import { rowsThatFit } from "../../../src/bulk/pass/writer"
import { batchOf } from "../../../src/dialect/batch"

/** Rows whose old and new cells have so many characters together. */
function changesOf(lengths: readonly number[]): Parameters<typeof rowsThatFit>[0] {
  const batch = batchOf(
    lengths.map((length, id) => [id, "x".repeat(length - 1)]),
    1,
  )
  return { batch, rows: lengths.map((_, row) => row), newCells: [lengths.map(() => "y")] }
}

describe("rowsThatFit", () => {
  test("takes short rows up to the end", () => {
    expect(rowsThatFit(changesOf([10, 20, 30]), 1, undefined)).toBe(2)
  })

  test("counts a cell that stays twice, as it is compared and written", () => {
    const { batch, rows } = changesOf([2 ** 21, 10])

    expect(rowsThatFit({ batch, rows, newCells: [[undefined, "y"]] }, 0, undefined)).toBe(1)
  })

  test("stops before a statement that grows too long", () => {
    expect(rowsThatFit(changesOf(new Array<number>(1000).fill(15_000)), 0, undefined)).toBe(279)
  })

  test("leaves a long row to a statement of its own where that is needed", () => {
    expect(rowsThatFit(changesOf([10, 16_001, 10]), 0, 16_000)).toBe(1)
    expect(rowsThatFit(changesOf([16_001, 10]), 0, 16_000)).toBe(1)
    expect(rowsThatFit(changesOf([10, 16_001, 10]), 0, undefined)).toBe(3)
  })
})

import { describe, expect, test } from "@jest/globals"

import { rowsThatFit } from "../../src/dialect/statement-parts"

describe("rowsThatFit", () => {
  const fit = (lengths: readonly number[], from = 0, end = lengths.length): number =>
    rowsThatFit((row) => lengths[row] ?? 0, from, end)

  test("takes short rows up to the end", () => {
    expect(fit([10, 20, 30], 1, 3)).toBe(2)
  })

  test("stops before a statement that grows too long", () => {
    expect(fit(new Array<number>(1000).fill(15_000))).toBe(279)
  })

  test("leaves a long row to a statement of its own", () => {
    expect(fit([10, 16_001, 10])).toBe(1)
    expect(fit([16_001, 10])).toBe(1)
  })
})

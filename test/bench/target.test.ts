import { describe, expect, test } from "@jest/globals"

import { atLeast, atMost, describeTarget, judge } from "../../bench/report/target"

const figure = (median: number): { median: number; low: number; high: number } => ({
  ...{ median, low: median - 100, high: median + 100 },
})

describe("a target", () => {
  test.each([
    [3.29, atLeast(3.3, 4.5), "MISSED"],
    [3.3, atLeast(3.3, 4.5), "met"],
    [4.5, atLeast(3.3, 4.5), "stretch met"],
    [99, atLeast(3.3), "met"],
    [6.51, atMost(6.5, 4), "MISSED"],
    [6.5, atMost(6.5, 4), "met"],
    [4, atMost(6.5, 4), "stretch met"],
    [0, atMost(0), "met"],
    [NaN, atMost(6.5, 4), "MISSED"],
    [NaN, atLeast(3.3), "MISSED"],
  ] as const)("judges a median of %d by %o: %s", (median, target, verdict) => {
    expect(judge(figure(median), target)).toBe(verdict)
  })

  test("is spelt with its stretch", () => {
    expect(describeTarget(atLeast(3.3, 4.5))).toBe("≥ 3.3 (stretch 4.5)")
    expect(describeTarget(atMost(0))).toBe("≤ 0")
  })
})

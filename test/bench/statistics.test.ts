import { describe, expect, test } from "@jest/globals"

import { figureOf, median, pairedRatio } from "../../bench/measure/statistics"

describe("median", () => {
  test("is the middle value, whatever the order", () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  test("is the mean of the middle two", () => {
    expect(median([4, 1, 100, 2])).toBe(3)
  })
})

describe("figureOf", () => {
  test("gives the quartiles, which one outlier does not move", () => {
    expect(figureOf([1, 2, 3, 4, 1000])).toEqual({ median: 3, low: 2, high: 4 })
  })
})

describe("pairedRatio", () => {
  test("divides within each round, so that a slow round slows both", () => {
    expect(pairedRatio([2, 200, 2.2], [1, 100, 1])).toEqual({ median: 2, low: 2, high: 2.2 })
  })

  test("refuses rounds that one side missed", () => {
    expect(() => pairedRatio([1, 2], [1])).toThrow("missing")
  })
})

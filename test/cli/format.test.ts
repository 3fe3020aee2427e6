import { describe, expect, test } from "@jest/globals"

import { formatCount, formatSeconds, formatTable } from "../../src/cli/format"

describe("what the command line prints", () => {
  test("counts have separators and no fractions", () => {
    expect(formatCount(1234567.4)).toBe("1,234,567")
  })

  test.each([
    [0.2, "1 s"],
    [200, "3 min 20 s"],
    [3600, "1 h 0 min"],
    [7380, "2 h 3 min"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text)
  })

  test("tables align text to the left and numbers to the right", () => {
    const rows = [["column", "cells"], ["ssn", "1"], ["a longer name"]]

    expect(formatTable(rows)).toBe("column         cells\nssn                1\na longer name\n")
  })
})

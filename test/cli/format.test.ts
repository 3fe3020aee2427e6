import { describe, expect, test } from "@jest/globals"

import { formatBytes, formatCount, formatSeconds, formatTable } from "../../src/cli/format"

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

  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [8192, "8.2 kB"],
    [1.25e12, "1.3 TB"],
    [2e16, "20000.0 TB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test("tables align text to the left and numbers to the right", () => {
    const rows = [["column", "cells"], ["ssn", "1"], ["a longer name"]]

    expect(formatTable(rows)).toBe("column         cells\nssn                1\na longer name\n")
  })
})

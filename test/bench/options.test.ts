import { describe, expect, test } from "@jest/globals"

import { readOptions } from "../../bench/options"
import { parts } from "../../bench/report/line"

describe("the command line of the benchmark", () => {
  test("runs all parts unless some are named", () => {
    expect(readOptions([])?.parts).toEqual(parts)
    expect(readOptions(["orm", "bulk"])?.parts).toEqual(["orm", "bulk"])
  })

  test("measures three million rows when asked for all", () => {
    expect(readOptions(["--full"])?.bulk.rows).toContain(3_000_000)
    expect(readOptions([])?.bulk.rows).not.toContain(3_000_000)
  })

  test("takes the options of bulk", () => {
    const given = ["bulk", "--rows", "10,20", "--repeat", "5", "--only", "sqlite", "--no-saves"]

    expect(readOptions([...given, "--other-rows", "30"])?.bulk).toEqual({
      ...{ rows: [10, 20], otherRows: [30], repeat: 5, only: ["SQLite"], savedRows: 0 },
    })
  })

  test.each([[["nothing"]], [["--rows", "ten"]], [["--rounds", "0"]], [["--unknown"]]])(
    "refuses %j",
    (given) => {
      expect(() => readOptions(given)).toThrow()
    },
  )

  test("gives way to help", () => {
    expect(readOptions(["--help"])).toBeUndefined()
  })
})

import { describe, expect, test } from "@jest/globals"
import Database from "better-sqlite3"

import { type Conversion, isRefusal, type Wish } from "../../../src/dialect/conversions/conversion"
import { sqliteConversion } from "../../../src/dialect/conversions/sqlite"

function planned(type: string, wish: Wish): Conversion {
  const conversion = sqliteConversion(type, wish)
  if (isRefusal(conversion)) throw new Error(conversion.refusal)
  return conversion
}

/** Evaluates an expression over a column `c` of one row that holds a value. */
function evaluate(expression: string, value: unknown): unknown {
  const database = new Database(":memory:")
  try {
    return database
      .prepare(`SELECT ${expression} AS result FROM (SELECT ? AS c)`)
      .pluck()
      .get(value)
  } finally {
    database.close()
  }
}

describe("sqliteConversion", () => {
  test.each<[string, Wish, unknown, string]>([
    ["boolean", { reader: "boolean" }, 1, "true"],
    ["boolean", { reader: "boolean" }, 0, "false"],
    ["bigint", { reader: "string" }, 9007199254740993n, "9007199254740993"],
    ["integer", { reader: "number" }, 42n, "42"],
    ["real", { reader: "number" }, 0.1 + 0.2, "0.30000000000000004"],
    ["datetime", { reader: "date" }, "2020-02-29 12:34:56.789", "2020-02-29T12:34:56.789Z"],
    ["datetime", { reader: "date" }, "2020-02-29T12:34:56Z", "2020-02-29T12:34:56Z"],
    ["varchar(20)", { reader: "string" }, "a text ", "a text "],
    ["json", { reader: "json" }, '{"a":1}', '{"a":1}'],
    ["blob", { reader: "string" }, Buffer.from("gAAAAA"), "gAAAAA"],
  ])("makes text of a %s for %j", (type, wish, value, text) => {
    expect(evaluate(planned(type, wish).up("c"), value)).toBe(text)
  })

  test.each<[string, Wish, string, unknown]>([
    ["boolean", { reader: "boolean" }, "true", 1],
    ["boolean", { reader: "boolean" }, "false", 0],
    ["datetime", { reader: "date" }, "2020-02-29T12:34:56.789Z", "2020-02-29 12:34:56.789"],
    ["integer", { reader: "number" }, "42", "42"],
  ])("makes a %s for %j again", (type, wish, text, value) => {
    expect(evaluate(planned(type, wish).down("c"), text)).toBe(value)
  })

  test.each<[string, Wish, unknown]>([
    ["boolean", { reader: "boolean" }, 5],
    ["integer", { reader: "number" }, "12abc"],
    ["real", { reader: "number" }, Buffer.from([1])],
    ["decimal(6,2)", { reader: "string" }, "x"],
    ["blob", { reader: "string" }, Buffer.from([0xff, 0x00])],
  ])("finds what is unfit in a %s for %j", (type, wish, value) => {
    expect(evaluate(planned(type, wish).unfit?.("c") ?? "0", value)).toBe(1)
  })

  test.each<[string, Wish, string]>([
    ["boolean", { reader: "boolean" }, "yes"],
    ["integer", { reader: "number" }, "1.5"],
    ["datetime", { reader: "date" }, "yesterday"],
  ])("does not let back into a %s for %j what it cannot hold", (type, wish, text) => {
    expect(evaluate(planned(type, wish).fits?.("c") ?? "1", text)).toBe(0)
  })

  test.each<[string, Wish, RegExp]>([
    ["boolean", { reader: "string" }, /use "boolean"/],
    ["geometry", { reader: "own" }, /no text that says all of a value/],
    ["integer", { reader: "digest" }, /no values of a blind index/],
  ])("refuses a %s for %j", (type, wish, reason) => {
    expect(() => planned(type, wish)).toThrow(reason)
  })

  test("cuts index values to fewer bits", () => {
    const { up } = planned("varchar(64)", { reader: "digest", bits: 64 })

    expect(evaluate(up("c"), "0123456789abcdef0123")).toBe("0123456789abcdef")
    expect(evaluate(up("c"), "0123")).toBeNull()
    expect(planned("varchar(64)", { reader: "digest", bits: 64 }).down("c")).toContain("64")
    expect(planned("text", { reader: "digest" }).down("c")).toBe("c")
  })
})

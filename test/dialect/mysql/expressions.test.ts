import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { bindMysql, keyOperand, keyOrder, keyValue } from "../../../src/dialect/mysql/expressions"

describe("bindMysql", () => {
  test("binds text as it is only if no mode or character set of a session reads it differently", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const bound = bindMysql(text)

        if (typeof bound === "string") expect(bound).toMatch(/^[\x20-\x7e]*$/)
        if (typeof bound === "string") expect(bound).not.toMatch(/['"\\?`%]/)
        expect(Buffer.isBuffer(bound) ? bound.toString("utf8") : bound).toBe(text.toWellFormed())
      }),
    )
  })

  test("leaves NULL, numbers and bytes", () => {
    const bytes = Buffer.of(1)

    expect([null, 1, bytes].map(bindMysql)).toEqual([null, 1, bytes])
  })
})

describe("a key of MySQL", () => {
  test.each([
    ["int(11)", "CAST(? AS SIGNED)"],
    ["bigint(20) unsigned", "CAST(? AS UNSIGNED)"],
    ["decimal(20,2)", "CAST(? AS decimal(20,2))"],
    ["datetime(6)", "CAST(? AS DATETIME(6))"],
    ["binary(16)", "?"],
  ])("of type %s is compared with %s", (type, operand) => {
    expect(keyOperand("?", { name: "id", type })).toBe(operand)
  })

  test("that is text is compared in its own character set and collation", () => {
    const column = { name: "code", type: "varchar(9)", collation: "latin1_swedish_ci" }

    expect(keyOperand("?", column)).toBe(
      "CONVERT(CONVERT(? USING utf8mb4) USING latin1) COLLATE latin1_swedish_ci",
    )
    expect(keyValue(Buffer.from("é"), column)).toBe("é")
  })

  test("that is an enum is ordered by its text", () => {
    expect(keyOrder({ name: "kind", type: "enum('b','a')", collation: "utf8mb4_bin" })).toContain(
      "AS BINARY",
    )
  })
})

import { describe, expect, test } from "@jest/globals"

import { isRefusal, type TextReader, type Wish } from "../../../src/dialect/conversions/conversion"
import { mysqlConversion, type MysqlConversion } from "../../../src/dialect/conversions/mysql"

const TEXT = "CAST(c AS CHAR CHARACTER SET utf8mb4)"

function planned(type: string, wish: Wish): MysqlConversion {
  const conversion = mysqlConversion(type, wish)
  if (isRefusal(conversion)) throw new Error(conversion.refusal)
  return conversion
}

describe("mysqlConversion", () => {
  test.each<[string, TextReader, string]>([
    ["varchar(20)", "string", "c"],
    ["mediumtext", "json", "c"],
    ["int(11)", "number", TEXT],
    ["bigint(20)", "string", TEXT],
    ["decimal(6,2)", "string", TEXT],
    ["double", "number", TEXT],
    ["date", "string", TEXT],
    ["time(6)", "string", TEXT],
    ["json", "json", TEXT],
    ["uuid", "string", TEXT],
    ["tinyint(1)", "number", TEXT],
    ["varbinary(200)", "string", "CONVERT(c USING utf8mb4)"],
  ])("has MODIFY make text of %s for the codec %s", (type, reader, text) => {
    const { up, swapped } = planned(type, { reader })

    expect(up("c")).toBe(text)
    expect(swapped).toBe(false)
  })

  test.each<[string, Wish, RegExp, RegExp]>([
    [
      "tinyint(1)",
      { reader: "boolean" },
      /WHEN c THEN 'true' ELSE 'false'/,
      /'true', '1'\) THEN 1/,
    ],
    ["datetime(3)", { reader: "date", timeZone: "UTC" }, /c - INTERVAL 0 MINUTE/, /'%Z', 0, 0\)/],
    ["timestamp", { reader: "date", timeZone: "-05:30" }, /c - INTERVAL -330/, /'%Z', -330, 0\)/],
    ["set('a','b')", { reader: "json" }, /CONCAT\('\["'/, /TRIM\(LEADING/],
  ])("makes text of %s beside the column, and the value again", (type, wish, text, value) => {
    const { up, down, swapped } = planned(type, wish)

    expect(up("c")).toMatch(text)
    expect(down("c")).toMatch(value)
    expect(swapped).toBe(true)
  })

  test.each([
    ["varchar(20)", "CHAR_LENGTH(c) <= 20"],
    ["text", undefined],
    ["enum('calm','don''t')", "BINARY c IN ('calm','don''t')"],
    ["decimal(6,2) unsigned", "CAST(c AS DECIMAL(65,30)) = CAST(c AS DECIMAL(6,2))"],
  ])("lets back into %s what it holds whole", (type, condition) => {
    expect(planned(type, { reader: "string" }).fits?.("c")).toBe(condition)
  })

  test("goes back to an unsigned bigint by CAST, which MODIFY refuses above 2^63 - 1", () => {
    const { back, fits } = planned("bigint(20) unsigned", { reader: "bigint" })

    expect(back?.expression("c")).toBe("CAST(c AS UNSIGNED)")
    expect(fits?.("c")).toContain("18446744073709551616")
  })

  test("goes back to a time at once, in its zone, or as it is if it was there before", () => {
    const { back, fits } = planned("datetime(3)", { reader: "date", timeZone: "-03:30" })

    expect(back?.type).toBe("datetime(6)")
    expect(back?.expression("c")).toMatch(/LIKE '%Z', -210, 0\) MINUTE$/)
    expect(fits?.("c")).toContain("[.][0-9]{1,6}Z| [0-9]")
  })

  test.each([
    ["float", /CAST\(.*AS FLOAT\)/, /more digits/],
    ["blob", /HEX\(c\) NOT REGEXP/, /characters of a token/],
  ])("names values of %s that have no faithful text", (type, condition, why) => {
    const reader = type === "float" ? "number" : "string"
    const { unfit, whyUnfit } = planned(type, { reader })

    expect(unfit?.("c")).toMatch(condition)
    expect(whyUnfit).toMatch(why)
  })

  test.each<[string, Wish, RegExp]>([
    ["int(11)", { reader: "string" }, /use "number" or "bigint"/],
    ["datetime", { reader: "date" }, /timestampZone/],
    ["datetime", { reader: "date", timeZone: "Europe/Vienna" }, /"UTC" or an offset/],
    ["point", { reader: "own" }, /no text that says all of a value/],
    ["set('a\"b')", { reader: "json" }, /no text that says all of a value/],
    ["int(11)", { reader: "digest" }, /no values of a blind index/],
  ])("refuses %s for %j", (type, wish, reason) => {
    expect(() => planned(type, wish)).toThrow(reason)
  })

  test("cuts index values to fewer bits, and has them made anew for more", () => {
    const { up, down, back } = planned("varchar(64)", { reader: "digest", bits: 128 })

    expect(up("c")).toBe("CASE WHEN length(c) >= 32 THEN LEFT(c, 32) END")
    expect(down("c")).toBe("CASE WHEN length(c) >= 64 THEN LEFT(c, 64) END")
    expect(back?.type).toBe("varchar(64)")
    expect(planned("text", { reader: "digest" }).back).toBeUndefined()
    expect(planned("text", { reader: "digest", bits: 30 }).up("c")).toBe("NULL")
  })
})

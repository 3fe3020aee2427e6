import { describe, expect, test } from "@jest/globals"

import { fitsType } from "../../../src/dialect/conversions/fits-type"

describe("fitsType", () => {
  test.each([
    ["varchar(3)", "abc", true],
    ["varchar(3)", "ab  ", false],
    ["character varying(1)", "🔒", true],
    ["char(2)", "abc", false],
    ["smallint", "-32768", true],
    ["smallint", "32768", false],
    ["int", "1.5", false],
    ["int unsigned", "4294967295", true],
    ["int unsigned", "-1", false],
    ["bigint", "9223372036854775808", false],
    ["tinyint(1)", "true", true],
    ["numeric(6,2)", "1234.50", true],
    ["numeric(6,2)", "1.239", false],
    ["decimal( 6 , 2 )", "12345.6", false],
    ["decimal(4)", "0012.000", true],
    ["text", "anything", true],
  ])("says of %s whether %j goes in whole: %s", (type, text, fits) => {
    expect(fitsType(type)?.(text)).toBe(fits)
  })

  test.each(["date", "uuid", "jsonb", "timestamptz"])("leaves %s to the database", (type) => {
    expect(fitsType(type)).toBeUndefined()
  })
})

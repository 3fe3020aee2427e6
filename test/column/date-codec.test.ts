import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { dateCodec } from "../../src/column/scalar-codecs"
import { refusal } from "./plaintext-of"

const read = (plaintext: string): string => (dateCodec.decodeText(plaintext) as Date).toISOString()

describe("the date codec", () => {
  test("writes UTC with milliseconds", () => {
    expect(dateCodec.encode(new Date(0))).toBe("1970-01-01T00:00:00.000Z")
  })

  test("reads back any valid date", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(dateCodec.decodeText(dateCodec.encode(date))).toEqual(date)
      }),
    )
  })

  test.each([
    ["2024-02-29T12:30:00+02:00", "2024-02-29T10:30:00.000Z"],
    ["2024-02-29T12:30:00.123456+00:00", "2024-02-29T12:30:00.123Z"],
    ["2024-02-29 12:30:00.5Z", "2024-02-29T12:30:00.500Z"],
    ["2024-02-29T12:30:00,5Z", "2024-02-29T12:30:00.500Z"],
    ["2024-02-29T12:30-0130", "2024-02-29T14:00:00.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["+010000-01-01T00:00:00.000Z", "+010000-01-01T00:00:00.000Z"],
  ])("reads %s, as other languages write it", (plaintext, utc) => {
    expect(read(plaintext)).toBe(utc)
  })

  test.each([
    "",
    "2024-02-29T12:30:00",
    "2024-02-29 12:30:00.123456",
    "2024",
    "2024-02",
    "1709210000",
    "29.02.2024",
    "Thu, 29 Feb 2024 12:30:00 GMT",
    "2024-13-01",
    "2024-02-29T25:00:00Z",
    " 2024-02-29",
    "2024-02-29T12:30:00Z\n",
  ])("refuses to read %j", (plaintext) => {
    expect(refusal(() => dateCodec.decodeText(plaintext))).toBe(
      "a date and time in ISO 8601 with its offset from UTC",
    )
  })

  test.each(["2023-02-29", "2024-04-31T00:00:00Z"])(
    "refuses to read %s, a day that does not exist, as another day",
    (plaintext) => {
      expect(() => dateCodec.decodeText(plaintext)).toThrow()
    },
  )

  test("refuses an invalid date", () => {
    expect(refusal(() => dateCodec.encode(new Date(Number.NaN)))).toBe(
      "a valid Date, got an invalid one",
    )
  })

  test.each([
    ["1970-01-01", "a string"],
    [0, "a number"],
  ])("refuses %p as %s", (value, type) => {
    expect(refusal(() => dateCodec.encode(value))).toBe(`a Date, got ${type}`)
  })
})

import { describe, expect, test } from "@jest/globals"

import { isRefusal, type TextReader, type Wish } from "../../../src/dialect/conversions/conversion"
import { postgresConversion } from "../../../src/dialect/conversions/postgres"

const plan = (type: string, wish: Wish, base = type) => postgresConversion({ type, base }, wish)

function up(type: string, reader: TextReader): string {
  const conversion = plan(type, { reader })
  return isRefusal(conversion) ? `refused: ${conversion.refusal}` : conversion.up("c")
}

function down(type: string, reader: TextReader, base = type): string {
  const conversion = plan(type, { reader }, base)
  return isRefusal(conversion) ? `refused: ${conversion.refusal}` : conversion.down("c")
}

describe("postgresConversion", () => {
  test.each<[string, TextReader, string, string]>([
    ["character varying(20)", "string", "c", "c"],
    ["text", "json", "c", "c"],
    ["character(5)", "string", "rpad(c::text, 5)", "c"],
    ["citext", "string", "c::text", "c::citext"],
    ["integer", "number", "c::text", "c::integer"],
    ["bigint", "string", "c::text", "c::bigint"],
    ["numeric(6,2)", "string", "c::text", "c::numeric"],
    ["boolean", "boolean", "c::text", "c::boolean"],
    ["date", "string", "c::text", "c::date"],
    ["jsonb", "json", "c::text", "c::jsonb"],
    ["bit(8)", "string", "c::text", "c::varbit"],
    ["inet", "string", "CASE WHEN c IS NOT NULL THEN concat(c) END", "c::inet"],
    ["bytea", "bytes", "convert_from(c, 'UTF8')", "convert_to(c, 'UTF8')"],
    ["uuid", "own", "c::text", "c::uuid"],
  ])("makes text of %s for the codec %s", (type, reader, text, value) => {
    expect(up(type, reader)).toBe(text)
    expect(down(type, reader)).toBe(value)
  })

  test.each<[string, TextReader, RegExp]>([
    ["integer", "string", /the codec "string" does not read; use "number" or "bigint"/],
    ["timestamp with time zone", "string", /use "date"/],
    ["timestamp(3) without time zone", "date", /timestampZone/],
    ["integer[]", "json", /no single expression back/],
    ["interval", "string", /no text that says all of a value/],
    ["point", "own", /no text that says all of a value/],
    ["integer", "digest", /holds no values of a blind index/],
  ])("refuses %s for the codec %s", (type, reader, reason) => {
    expect(up(type, reader)).toMatch(reason)
  })

  test("gives a domain back", () => {
    expect(down("amount", "string", "numeric(6,2)")).toBe("c::numeric::amount")
  })

  test("gives an enum back, of which it knows the values", () => {
    const type = 'public."Mood"'
    const mood = postgresConversion(
      { type, base: type, labels: ["calm", "don't know"] },
      { reader: "string" },
    )

    expect(isRefusal(mood) ? "" : [mood.down("c"), mood.fits?.("c")]).toEqual([
      'c::public."Mood"',
      "c IN ('calm', 'don''t know')",
    ])
  })

  test("reads timestamps without a zone in the zone that is given, quoted", () => {
    const conversion = plan("timestamp without time zone", { reader: "date", timeZone: "a'b" })

    expect(isRefusal(conversion) ? "" : conversion.down("c")).toContain("AT TIME ZONE 'a''b'")
  })

  test("cuts digests for fewer bits, and leaves those to be made anew that are too short", () => {
    const cut = plan("character varying(64)", { reader: "digest", bits: 128 })
    const spare = plan("character varying(64)", { reader: "digest", bits: 13 })

    expect(isRefusal(cut) ? "" : cut.up("c")).toBe("CASE WHEN length(c) >= 32 THEN left(c, 32) END")
    expect(isRefusal(spare) ? "" : spare.up("c")).toBe("NULL")
  })
})

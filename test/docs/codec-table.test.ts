import { describe, expect, test } from "@jest/globals"

import { isRefusal, type TextReader } from "../../src/dialect/conversions/conversion"
import { mysqlConversion } from "../../src/dialect/conversions/mysql"
import { postgresConversion } from "../../src/dialect/conversions/postgres"
import { sqliteConversion } from "../../src/dialect/conversions/sqlite"
import { filledColumns } from "../integration/schema/filled-columns"
import { readText } from "./regions"

/** What the table calls several types by, or spells as TypeORM does. */
const spelt: Readonly<Record<string, readonly string[]>> = {
  integers: ["smallint", "integer", "int", "mediumint", "tinyint"],
  enum: ["enum('a','b')", "mood"],
  ranges: ["int4range", "tstzrange"],
  varchar: ["character varying(20)", "varchar(20)"],
  char: ["character(20)", "char(20)"],
  decimal: ["numeric(6,2)", "decimal(6,2)"],
  numeric: ["numeric(6,2)", "decimal(6,2)", "amount"],
  double: ["double precision", "double"],
  float: ["double precision", "float"],
  bit: ["bit(3)"],
  time: ["time(6) without time zone", "time(6)"],
  timetz: ["time(6) with time zone"],
  varbit: ["bit varying"],
  varbinary: ["varbinary(40)"],
  timestamptz: ["timestamp with time zone"],
  timestamp: ["timestamp without time zone", "timestamp"],
  set: ["set('a','b')"],
}

/** The types of a row, and the codecs that it names. */
interface Row {
  readonly types: readonly string[]
  readonly codecs: readonly TextReader[]
}

const rows = tableOf(readText("docs/encrypt-a-table-in-use.md"))

describe("the guide's table of codecs", () => {
  test.each(rows.flatMap(({ types, codecs }) => types.map((type) => [type, codecs] as const)))(
    "names for %s codecs that read its text, on a database that has it",
    (type, codecs) => {
      const known = (spelt[type] ?? [type]).flatMap(conversionsOf)

      expect(known.some((convert) => !isRefusal(convert("own")))).toBe(true)
      for (const codec of codecs) {
        expect([codec, known.some((convert) => !isRefusal(convert(codec)))]).toEqual([codec, true])
      }
    },
  )

  test.each(
    Object.values(filledColumns).flatMap((columns) =>
      columns.map(({ type, codec }) => [type, codec] as const),
    ),
  )("has %s, under the codec %s that tests convert it with", (type, codec) => {
    const isOf = (same: typeof isSame) => (row: Row) =>
      row.types.some((one) => [one, ...(spelt[one] ?? [])].some((name) => same(name, type)))
    const row = rows.find(isOf((name) => name === type)) ?? rows.find(isOf(isSame))

    expect(row?.codecs).toContain(codec)
  })
})

function conversionsOf(type: string) {
  return [
    (reader: TextReader) =>
      postgresConversion(
        { type, base: type, ...(type.startsWith("enum") && { labels: ["a"] }) },
        { reader, timeZone: "UTC" },
      ),
    (reader: TextReader) => mysqlConversion(type, { reader, timeZone: "UTC" }),
    (reader: TextReader) => sqliteConversion(type, { reader }),
  ]
}

/** Whether a type, of which the table leaves out length, zone and more, is the one of a test. */
function isSame(name: string, type: string): boolean {
  const plain = (text: string): string => text.replace(/[( ].*$/, "").toLowerCase()
  return plain(name) === plain(type)
}

function tableOf(guide: string): readonly Row[] {
  const [, table = ""] =
    /\n\| column +\| codec +\|\n\| -+ \| -+ \|\n((?:\|.*\n)+)/.exec(guide) ?? []
  return table
    .trim()
    .split("\n")
    .map((line) => {
      const [, types = "", codecs = ""] = line.split("|")
      const named = [...codecs.matchAll(/`"(\w+)"`/g)].map(([, codec]) => codec as TextReader)
      return {
        types: [...types.matchAll(/`([^`"]+)`|(enum|integers|ranges)/g)]
          .map(([, quoted, word]) => quoted ?? word ?? "")
          .filter((type) => type !== "timestampZone"),
        codecs: named.length > 0 ? named : ["own", "bytes"],
      }
    })
}

import fc from "fast-check"
import type { ColumnType } from "typeorm"

import type { BuiltInCodec } from "../../../src"
import type { DatabaseName } from "../../support/database-names"
import { typeormUnderTest } from "../../support/typeorm-version"

/** A type of a database, and any of its values. */
interface RandomType {
  /** As in `CREATE TABLE`. */
  readonly type: string
  /** What a plain model calls it. */
  readonly plain: ColumnType
  /** The codec that reads its values as a plain model does, and others that may read some. */
  readonly codecs: readonly [BuiltInCodec, ...BuiltInCodec[]]
  /** Values in SQL. */
  readonly values: fc.Arbitrary<string>
  /** Whether a plain model reads every value of it exactly; defaults to true. */
  readonly isRead?: boolean
  /** Whether a value is an instant only in a zone. */
  readonly isLocal?: boolean
}

/** A column of a table with random contents. */
export interface RandomColumn extends Omit<RandomType, "codecs" | "values"> {
  readonly codec: BuiltInCodec
  /** Whether a plain model and the codec read the same. */
  readonly isRead: boolean
  readonly cells: readonly string[]
}

/** Rows of a random table. */
const ROWS = 4

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const escaped = (text: string): string => quoted(text.replaceAll("\\", "\\\\"))
const oneOf = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values)

/** Spaces at the ends, quotes, backslashes, and what only begins as tokens do. */
const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 5 }).filter((text) => !text.includes("\0")),
  oneOf(
    "",
    " x ",
    "it's",
    "\\",
    "ünï 🔒",
    "gAA",
    "g",
    "null",
    "true",
    "0x41",
    "1.50",
    "1e5",
    "NaN",
  ),
)
const whole = (bits: bigint): fc.Arbitrary<string> =>
  fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }).map(String)
const places = (digits: number, scale: number): fc.Arbitrary<string> =>
  fc
    .bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n })
    .map((value) => {
      const text = String(value < 0n ? -value : value).padStart(scale + 1, "0")
      return `${value < 0n ? "-" : ""}${text.slice(0, -scale)}.${text.slice(-scale)}`
    })
const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value))
const instants = (digits: number) =>
  fc
    .tuple(
      fc.date({ min: new Date("1000-01-01"), max: new Date("9998-12-31"), noInvalidDate: true }),
      fc.nat(999),
    )
    .map(([at, micros]) => {
      const fraction = `${at.toISOString().slice(20, 23)}${String(micros).padStart(3, "0")}`
      const rest = digits === 0 ? "" : `.${fraction.slice(0, digits)}`
      return `${at.toISOString().slice(0, 19).replace("T", " ")}${rest}`
    })
const days = instants(0).map((text) => text.slice(0, 10))
const tokenBytes = fc.string({
  unit: fc.constantFrom("g", "A", "B", "0", "9", "-", "_", "="),
  maxLength: 8,
})

/** The drivers read timestamps without a zone in that of the process. */
const isUtc = new Date().getTimezoneOffset() === 0

/** What MySQL's driver has parsed, TypeORM 0.3.17 parses once more. */
const readsJsonOnce = typeormUnderTest().version !== "0.3.17"

const postgres: readonly RandomType[] = [
  {
    type: "text",
    plain: "text",
    codecs: ["string", "bytes", "number", "json"],
    values: texts.map(quoted),
    isRead: true,
  },
  {
    type: "varchar(40)",
    plain: "varchar",
    codecs: ["string", "boolean"],
    values: texts.map(quoted),
  },
  {
    type: "char(6)",
    plain: "char",
    codecs: ["string"],
    values: oneOf("'ab'", "''", "'ü'", "'  a'"),
  },
  { type: "uuid", plain: "uuid", codecs: ["string"], values: fc.uuid().map(quoted) },
  { type: "smallint", plain: "smallint", codecs: ["number", "bigint"], values: whole(16n) },
  { type: "int", plain: "int", codecs: ["number", "string"], values: whole(32n) },
  { type: "bigint", plain: "bigint", codecs: ["string", "number", "bigint"], values: whole(64n) },
  { type: "numeric(12,4)", plain: "numeric", codecs: ["string", "number"], values: places(12, 4) },
  {
    type: "numeric",
    plain: "numeric",
    codecs: ["string", "number"],
    values: fc.oneof(places(30, 20), oneOf("'NaN'", "'Infinity'", "1.50")),
  },
  {
    type: "real",
    plain: "real",
    codecs: ["number"],
    values: oneOf("1.1", "-0.0", "3.4e38", "1e-45", "16777216"),
  },
  {
    type: "double precision",
    plain: "double precision",
    codecs: ["number"],
    values: fc
      .oneof(doubles, oneOf("'NaN'", "'-Infinity'"))
      .map((text) => (text.startsWith("'") ? text : `'${text}'`)),
  },
  {
    type: "boolean",
    plain: "boolean",
    codecs: ["boolean", "string"],
    values: oneOf("true", "false"),
  },
  {
    type: "date",
    plain: "date",
    codecs: ["string", "date"],
    values: days.map(quoted),
  },
  {
    type: "date",
    plain: "date",
    codecs: ["string", "date"],
    values: oneOf("'infinity'", "'0044-03-15 BC'", "'12020-01-01'"),
    // In JavaScript an infinity is a number, and the driver knows no other years
    isRead: false,
  },
  {
    type: "time(6)",
    plain: "time",
    codecs: ["string"],
    values: oneOf("'12:34:56.789123'", "'24:00:00'", "'00:00'"),
  },
  {
    type: "timestamptz",
    plain: "timestamptz",
    codecs: ["date", "string"],
    values: fc.oneof(
      instants(6).map((text) => quoted(`${text}+00`)),
      oneOf("'infinity'", "'0044-03-15 BC'"),
    ),
  },
  {
    type: "timestamp(3)",
    plain: "timestamp",
    codecs: ["date"],
    values: instants(3).map(quoted),
    isRead: isUtc,
    isLocal: true,
  },
  { type: "json", plain: "json", codecs: ["json"], values: json.map(quoted) },
  {
    type: "jsonb",
    plain: "jsonb",
    codecs: ["json"],
    values: json.filter((text) => !text.includes("\\u0000")).map(quoted),
  },
  {
    type: "inet",
    plain: "inet",
    codecs: ["string"],
    values: oneOf("'10.0.0.1'", "'10.0.0.0/8'", "'::1'"),
  },
  { type: "varbit", plain: "bit varying", codecs: ["string"], values: oneOf("B'101'", "B''") },
  {
    type: "bytea",
    plain: "bytea",
    codecs: ["bytes"],
    values: fc.oneof(tokenBytes.map(quoted), oneOf("'\\x41ff80'", "'\\x00'")),
  },
  { type: "int[]", plain: "int", codecs: ["json", "string"], values: oneOf("'{1,2}'", "'{}'") },
  {
    type: "interval",
    plain: "interval",
    codecs: ["string"],
    values: oneOf("'1 day'", "'-1 year'"),
  },
]

const mariaDb: readonly RandomType[] = [
  {
    type: "text",
    plain: "text",
    codecs: ["string", "bytes", "number", "json"],
    values: texts.map(escaped),
  },
  {
    type: "varchar(40)",
    plain: "varchar",
    codecs: ["string", "boolean"],
    values: texts.map(escaped),
  },
  {
    type: "char(6)",
    plain: "char",
    codecs: ["string"],
    values: oneOf("'ab'", "''", "'ü'", "'  a'"),
  },
  {
    type: "tinyint(1)",
    plain: "boolean",
    codecs: ["boolean", "number"],
    values: oneOf("0", "1", "5"),
  },
  { type: "smallint", plain: "smallint", codecs: ["number", "bigint"], values: whole(16n) },
  { type: "int", plain: "int", codecs: ["number", "string"], values: whole(32n) },
  { type: "bigint", plain: "bigint", codecs: ["string", "number", "bigint"], values: whole(64n) },
  {
    type: "bigint unsigned",
    plain: "bigint",
    codecs: ["string", "bigint"],
    values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  },
  { type: "decimal(12,4)", plain: "decimal", codecs: ["string", "number"], values: places(12, 4) },
  {
    type: "float",
    plain: "float",
    codecs: ["number"],
    values: oneOf("1.1", "16777216", "16777217", "-1e30"),
  },
  { type: "double", plain: "double", codecs: ["number"], values: doubles },
  { type: "date", plain: "date", codecs: ["string", "date"], values: days.map(quoted) },
  {
    type: "time(6)",
    plain: "time",
    codecs: ["string"],
    values: oneOf("'-838:59:59'", "'12:34:56.789123'", "'00:00:00'"),
  },
  {
    type: "datetime(6)",
    plain: "datetime",
    codecs: ["date", "string"],
    values: instants(6).map(quoted),
    isRead: isUtc,
    isLocal: true,
  },
  {
    type: "datetime",
    plain: "datetime",
    codecs: ["date"],
    values: instants(0).map(quoted),
    isRead: isUtc,
    isLocal: true,
  },
  {
    type: "json",
    plain: "json",
    codecs: ["json"],
    values: json.map(escaped),
    isRead: readsJsonOnce,
  },
  {
    type: "enum('A','it''s','a,b')",
    plain: "varchar",
    codecs: ["string"],
    values: oneOf("'A'", "'it''s'", "'a,b'"),
  },
  {
    type: "set('a','b','c')",
    plain: "simple-array",
    codecs: ["json", "string"],
    values: oneOf("''", "'a'", "'a,c'"),
  },
  {
    type: "blob",
    plain: "blob",
    codecs: ["bytes"],
    values: fc.oneof(tokenBytes.map(quoted), oneOf("x'41ff80'", "x'00'")),
  },
  { type: "bit(3)", plain: "bit", codecs: ["string", "number"], values: oneOf("b'101'", "b'0'") },
]

const sqlite: readonly RandomType[] = [
  {
    type: "text",
    plain: "text",
    codecs: ["string", "bytes", "number", "json"],
    values: texts.map(quoted),
  },
  {
    type: "varchar(40)",
    plain: "varchar",
    codecs: ["string", "boolean"],
    values: fc.oneof(texts.map(quoted), oneOf("x'41ff80'")),
  },
  {
    type: "boolean",
    plain: "boolean",
    codecs: ["boolean", "number"],
    values: oneOf("0", "1", "2"),
  },
  {
    type: "integer",
    plain: "integer",
    codecs: ["number", "bigint"],
    values: fc.oneof(fc.maxSafeInteger().map(String), oneOf("1.5", "'x'")),
  },
  // The driver rounds to what a number holds
  {
    type: "bigint",
    plain: "bigint",
    codecs: ["string", "number"],
    values: whole(64n),
    isRead: false,
  },
  {
    type: "real",
    plain: "real",
    codecs: ["number"],
    values: fc.oneof(doubles, oneOf("3", "1e300", "-0.0")),
  },
  {
    type: "decimal(6,2)",
    plain: "decimal",
    codecs: ["number", "string"],
    values: oneOf("1.5", "7", "'x'"),
  },
  { type: "date", plain: "date", codecs: ["string", "date"], values: days.map(quoted) },
  { type: "time", plain: "time", codecs: ["string"], values: oneOf("'12:34:56'", "'00:00'") },
  {
    type: "datetime",
    plain: "datetime",
    codecs: ["date", "string"],
    values: fc.oneof(
      instants(3).map(quoted),
      instants(0).map(quoted),
      oneOf("'2020-02-29T12:34:56Z'", "0"),
    ),
  },
  {
    type: "blob",
    plain: "blob",
    codecs: ["bytes"],
    values: fc.oneof(
      tokenBytes.map((text) => `x'${Buffer.from(text).toString("hex")}'`),
      oneOf("x'41ff80'"),
    ),
  },
]

const typesOf: Readonly<Record<DatabaseName, readonly RandomType[]>> = {
  PostgreSQL: postgres,
  MariaDB: mariaDb,
  SQLite: sqlite,
}

/** Zones that times without one may be in. */
export const zones: fc.Arbitrary<string> = fc.constantFrom("UTC", "+02:00", "-03:30")

/** Any few columns of a database, each with a codec that suits its type or one that does not. */
export function randomColumns(database: DatabaseName): fc.Arbitrary<readonly RandomColumn[]> {
  const column = fc.constantFrom(...typesOf[database]).chain(({ codecs, values, ...type }) => {
    const [suited, ...others] = codecs
    const codec = fc.oneof(
      { arbitrary: fc.constant(suited), weight: 6 },
      fc.constantFrom(suited, ...others),
    )
    const cell = fc.oneof({ arbitrary: values, weight: 6 }, fc.constant("NULL"))
    const cells = fc.array(cell, { minLength: ROWS, maxLength: ROWS })
    return fc.record({ codec, cells }).map(({ codec, cells }) => ({
      ...{ ...type, codec, cells },
      isRead: codec === suited && (type.isRead ?? true),
    }))
  })
  return fc.array(column, { minLength: 1, maxLength: 3 })
}

import type { BuiltInCodec } from "../../../src"
import type { DatabaseName } from "../../support/database-names"

/** A type of a database with values at its edges. */
export interface FilledColumn {
  /** As in `CREATE TABLE`. */
  readonly type: string
  /** The codec that reads its text. */
  readonly codec: BuiltInCodec
  /** Whether MariaDB has it and MySQL has not. */
  readonly notInMysql?: true
  /** Values in SQL, and what the application reads after they became encrypted. */
  readonly values: readonly (readonly [sql: string, read: unknown])[]
}

const text = [
  ["''", ""],
  ["' x '", " x "],
  ["'ünï 🔒 \"q\" it''s'", 'ünï 🔒 "q" it\'s'],
] as const

/** What PostgreSQL converts. Types and enum, domain and extension are those of `prepare`. */
const postgres: readonly FilledColumn[] = [
  { type: "varchar(40)", codec: "string", values: text },
  { type: "text", codec: "string", values: text },
  {
    type: "char(6)",
    codec: "string",
    values: [
      ["'ab'", "ab    "],
      ["''", "      "],
    ],
  },
  { type: "citext", codec: "string", values: [["'AbC'", "AbC"]] },
  {
    type: "uuid",
    codec: "string",
    values: [["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]],
  },
  { type: "mood", codec: "string", values: [["'don''t know'", "don't know"]] },
  { type: "amount", codec: "string", values: [["1.50", "1.50"]] },
  {
    type: "smallint",
    codec: "number",
    values: [
      ["-32768", -32768],
      ["0", 0],
    ],
  },
  { type: "int", codec: "number", values: [["2147483647", 2147483647]] },
  {
    type: "bigint",
    codec: "string",
    values: [
      ["9223372036854775807", "9223372036854775807"],
      ["-9223372036854775808", "-9223372036854775808"],
    ],
  },
  { type: "bigint", codec: "bigint", values: [["9007199254740993", 9007199254740993n]] },
  {
    type: "numeric(30,10)",
    codec: "string",
    values: [["12345678901234567890.1234567890", "12345678901234567890.1234567890"]],
  },
  {
    type: "numeric",
    codec: "string",
    values: [
      ["1.50", "1.50"],
      ["'NaN'", "NaN"],
      ["0.12345678901234567890123", "0.12345678901234567890123"],
    ],
  },
  { type: "numeric", codec: "number", values: [["0.1", 0.1]] },
  {
    type: "real",
    codec: "number",
    values: [
      ["1.1", 1.1],
      ["16777216", 16777216],
    ],
  },
  {
    type: "double precision",
    codec: "number",
    values: [
      ["0.30000000000000004", 0.30000000000000004],
      ["'-0'", -0],
      ["5e-324", 5e-324],
      ["1.7976931348623157e308", Number.MAX_VALUE],
    ],
  },
  {
    type: "boolean",
    codec: "boolean",
    values: [
      ["true", true],
      ["false", false],
    ],
  },
  {
    type: "date",
    codec: "string",
    values: [
      ["'2020-02-29'", "2020-02-29"],
      ["'0044-03-15 BC'", "0044-03-15 BC"],
      ["'infinity'", "infinity"],
    ],
  },
  { type: "date", codec: "date", values: [["'2020-02-29'", new Date("2020-02-29T00:00:00Z")]] },
  { type: "time(6)", codec: "string", values: [["'23:59:59.999999'", "23:59:59.999999"]] },
  { type: "timetz", codec: "string", values: [["'23:59:59+05:30'", "23:59:59+05:30"]] },
  {
    type: "timestamptz",
    codec: "date",
    values: [
      ["'2020-02-29 12:34:56.789123+02'", new Date("2020-02-29T10:34:56.789Z")],
      ["'0044-03-15 00:00:00+00 BC'", new Date("-000043-03-15T00:00:00Z")],
      ["'0001-01-01 00:00:00+00 BC'", new Date("0000-01-01T00:00:00Z")],
      ["'12020-01-01 00:00:00+00'", new Date("+012020-01-01T00:00:00Z")],
    ],
  },
  {
    type: "timestamp",
    codec: "date",
    values: [["'2020-02-29 12:34:56.789123'", new Date("2020-02-29T12:34:56.789Z")]],
  },
  {
    type: "json",
    codec: "json",
    values: [
      [`'{"b": 1,  "a": [null, "x"]}'`, { b: 1, a: [null, "x"] }],
      ["'null'", null],
    ],
  },
  { type: "jsonb", codec: "json", values: [[`'{"b": 1, "a": "\\u00fc"}'`, { b: 1, a: "ü" }]] },
  {
    type: "inet",
    codec: "string",
    values: [
      ["'10.0.0.1'", "10.0.0.1"],
      ["'10.0.0.0/8'", "10.0.0.0/8"],
      ["'::1'", "::1"],
    ],
  },
  { type: "cidr", codec: "string", values: [["'10.0.0.0/8'", "10.0.0.0/8"]] },
  { type: "macaddr", codec: "string", values: [["'08:00:2b:01:02:03'", "08:00:2b:01:02:03"]] },
  { type: "bit(3)", codec: "string", values: [["B'101'", "101"]] },
  { type: "varbit", codec: "string", values: [["B'10110'", "10110"]] },
  { type: "xml", codec: "string", values: [["'<a>x</a>'", "<a>x</a>"]] },
  { type: "int4range", codec: "string", values: [["'[1,5)'", "[1,5)"]] },
  { type: "money", codec: "string", values: [["'12.34'", "$12.34"]] },
  { type: "bytea", codec: "bytes", values: [["'abc_-='", Buffer.from("abc_-=")]] },
]

const mariaDb: readonly FilledColumn[] = [
  { type: "varchar(40)", codec: "string", values: text },
  { type: "varchar(40) CHARACTER SET latin1", codec: "string", values: [["'ünï '", "ünï "]] },
  { type: "text", codec: "string", values: text },
  { type: "char(6)", codec: "string", values: [["'ab'", "ab"]] },
  {
    type: "tinyint(1)",
    codec: "boolean",
    values: [
      ["1", true],
      ["0", false],
    ],
  },
  { type: "tinyint", codec: "number", values: [["-128", -128]] },
  { type: "int(6) zerofill", codec: "number", values: [["42", 42]] },
  { type: "year", codec: "number", values: [["2020", 2020]] },
  { type: "bigint", codec: "string", values: [["-9223372036854775808", "-9223372036854775808"]] },
  {
    type: "bigint unsigned",
    codec: "string",
    values: [["18446744073709551615", "18446744073709551615"]],
  },
  { type: "bigint unsigned", codec: "bigint", values: [["9007199254740993", 9007199254740993n]] },
  { type: "decimal(30,10)", codec: "string", values: [["1.5", "1.5000000000"]] },
  { type: "decimal(6,2)", codec: "number", values: [["1.5", 1.5]] },
  { type: "float", codec: "number", values: [["1.1", 1.1]] },
  { type: "double", codec: "number", values: [["0.30000000000000004", 0.30000000000000004]] },
  { type: "date", codec: "string", values: [["'2020-02-29'", "2020-02-29"]] },
  { type: "time(6)", codec: "string", values: [["'-23:59:59.999999'", "-23:59:59.999999"]] },
  {
    type: "datetime(6)",
    codec: "date",
    values: [["'2020-02-29 12:34:56.789123'", new Date("2020-02-29T12:34:56.789Z")]],
  },
  {
    type: "datetime",
    codec: "date",
    values: [["'1000-01-01 00:00:00'", new Date("1000-01-01T00:00:00Z")]],
  },
  {
    type: "timestamp(3) NULL",
    codec: "date",
    values: [["'2020-02-29 12:34:56.789'", new Date("2020-02-29T12:34:56.789Z")]],
  },
  { type: "json", codec: "json", values: [[`'{"b": 1,  "a": [null]}'`, { b: 1, a: [null] }]] },
  { type: "enum('A','it''s','a,b')", codec: "string", values: [["'it''s'", "it's"]] },
  {
    type: "set('a','b','c')",
    codec: "json",
    values: [
      ["'a,c'", ["a", "c"]],
      ["''", []],
    ],
  },
  {
    type: "uuid",
    notInMysql: true,
    codec: "string",
    values: [["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]],
  },
  { type: "inet6", notInMysql: true, codec: "string", values: [["'::1'", "::1"]] },
  { type: "blob", codec: "bytes", values: [["'abc_-='", Buffer.from("abc_-=")]] },
  { type: "varbinary(40)", codec: "bytes", values: [["'abc'", Buffer.from("abc")]] },
]

const sqlite: readonly FilledColumn[] = [
  { type: "varchar(40)", codec: "string", values: text },
  { type: "text", codec: "string", values: text },
  {
    type: "boolean",
    codec: "boolean",
    values: [
      ["1", true],
      ["0", false],
    ],
  },
  {
    type: "integer",
    codec: "number",
    values: [
      ["-5", -5],
      ["9007199254740991", 9007199254740991],
    ],
  },
  { type: "bigint", codec: "string", values: [["9223372036854775807", "9223372036854775807"]] },
  {
    type: "real",
    codec: "number",
    values: [
      ["0.30000000000000004", 0.30000000000000004],
      ["1e300", 1e300],
      ["3", 3],
    ],
  },
  {
    type: "decimal(6,2)",
    codec: "number",
    values: [
      ["1.5", 1.5],
      ["7", 7],
    ],
  },
  { type: "date", codec: "string", values: [["'2020-02-29'", "2020-02-29"]] },
  { type: "time", codec: "string", values: [["'12:34:56'", "12:34:56"]] },
  {
    type: "datetime",
    codec: "date",
    values: [
      ["'2020-02-29 12:34:56.789'", new Date("2020-02-29T12:34:56.789Z")],
      ["'2020-02-29 12:34:56'", new Date("2020-02-29T12:34:56Z")],
    ],
  },
  { type: "blob", codec: "bytes", values: [["x'6162632d'", Buffer.from("abc-")]] },
]

/** The types of each database that become encrypted with every value kept. */
export const filledColumns: Readonly<Record<DatabaseName, readonly FilledColumn[]>> = {
  PostgreSQL: postgres,
  MariaDB: mariaDb,
  SQLite: sqlite,
}

/** How a cell is looked at as it is stored, whatever type it has. */
export const storedAs: Readonly<Record<DatabaseName, (column: string) => string>> = {
  PostgreSQL: (column) => `${column}::text`,
  MariaDB: (column) => `HEX(CAST(${column} AS CHAR))`,
  SQLite: (column) => `typeof(${column}) || quote(${column})`,
}

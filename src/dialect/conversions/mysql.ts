import {
  ANY_TEXT,
  type Conversion,
  digestConversion,
  type Refusal,
  type TextReader,
  unsuitedReader,
  type Wish,
} from "./conversion"

/**
 * How values become text in MySQL and MariaDB: by `MODIFY`, which has no expression and writes what
 * CAST to CHAR does, unless the text is made by a generated column that takes the column's place.
 */
export interface MysqlConversion extends Conversion {
  /** Whether the text is made by `up`, in place of `MODIFY`. */
  readonly swapped: boolean
  /**
   * What makes the value again in place of `MODIFY`, also of a column that holds it already: who is
   * killed may come again. Defaults to nothing.
   */
  readonly back?: Computed
}

/** A generated column that takes the place of another. */
export interface Computed {
  readonly type: string
  readonly expression: (column: string) => string
}

type Made = Omit<MysqlConversion, "exact" | "readable">

interface Kind {
  readonly types: RegExp
  readonly readers: Partial<Record<TextReader, "all" | "some">>
  readonly convert: (type: string, wish: Wish) => Made | Refusal
}

const TEXTS = /^(?:(?:var)?char\((\d+)\)|(?:tiny|medium|long)?text)$/

const modified: Made = { up: asText, down: (c) => c, swapped: false }

/** What is made by an expression in both directions. */
function swapped(
  type: string,
  { up, down, fits }: Pick<Required<Made>, "down" | "fits" | "up">,
): Made {
  return { up, down, fits, swapped: true, back: { type, expression: down } }
}

/** How each of MySQL's and MariaDB's types becomes text, and comes back. */
const KINDS: readonly Kind[] = [
  {
    types: TEXTS,
    readers: ANY_TEXT,
    convert: (type) => {
      const [, length] = TEXTS.exec(type) ?? []
      // Spaces at the end would be cut with a warning only
      return {
        ...modified,
        up: (c) => c,
        ...(length && { fits: (c) => `CHAR_LENGTH(${c}) <= ${length}` }),
      }
    },
  },
  {
    // What MODIFY writes, 1 and 0, the codec does not read. A run that was killed may come again.
    // TypeORM's boolean has the width that the server gives it
    types: /^tinyint(?:\(\d+\))?(?: unsigned)?(?: zerofill)?$/,
    readers: { boolean: "all", number: "all", bigint: "all" },
    convert: (type, { reader }) =>
      reader !== "boolean" && (reader !== "own" || type !== "tinyint(1)")
        ? modified
        : swapped(type, {
            up: (c) =>
              `CASE WHEN ${c} IS NULL THEN NULL WHEN ${asText(c)} IN ('true', 'false') ` +
              `THEN ${asText(c)} WHEN ${c} THEN 'true' ELSE 'false' END`,
            down: (c) =>
              `CASE WHEN ${asText(c)} IN ('true', '1') THEN 1 ` +
              `WHEN ${asText(c)} IN ('false', '0') THEN 0 END`,
            fits: (c) => `${asText(c)} IN ('true', 'false', '1', '0')`,
          }),
  },
  {
    types: /^(?:(?:small|medium)?int(?:\(\d+\))?(?: unsigned)?(?: zerofill)?|year(?:\(4\))?)$/,
    readers: { number: "all", bigint: "all" },
    convert: () => modified,
  },
  {
    types: /^bigint(?:\(\d+\))?(?: zerofill)?$/,
    readers: { string: "all", bigint: "all", number: "some" },
    convert: () => modified,
  },
  {
    // MODIFY refuses what is above 2^63 - 1
    types: /^bigint(?:\(\d+\))? unsigned(?: zerofill)?$/,
    readers: { string: "all", bigint: "all", number: "some" },
    convert: (type) => ({
      ...modified,
      fits: (c) =>
        `${c} REGEXP '^[0-9]{1,20}$' AND CAST(${c} AS DECIMAL(20)) < 18446744073709551616`,
      back: { type, expression: (c) => `CAST(${c} AS UNSIGNED)` },
    }),
  },
  {
    types: /^decimal\(\d+,\d+\)(?: unsigned)?(?: zerofill)?$/,
    readers: { string: "all", number: "some" },
    convert: (type) => ({
      ...modified,
      // An assignment rounds with a warning only
      fits: (c) =>
        `CAST(${c} AS DECIMAL(65,30)) = CAST(${c} AS ${type.replace(/ .*/, "").toUpperCase()})`,
    }),
  },
  {
    types: /^double(?:\(\d+,\d+\))?(?: unsigned)?$/,
    readers: { number: "all" },
    convert: () => modified,
  },
  {
    types: /^float(?:\(\d+,\d+\))?(?: unsigned)?$/,
    readers: { number: "all" },
    convert: () => ({
      ...modified,
      unfit: (c) => `NOT (CAST(${asText(c)} AS FLOAT) <=> ${c})`,
      whyUnfit: "have more digits than the server writes for a float",
    }),
  },
  { types: /^date$/, readers: { string: "all", date: "some" }, convert: () => modified },
  { types: /^time(?:\(\d\))?$/, readers: { string: "all" }, convert: () => modified },
  {
    types: /^(?:datetime|timestamp)(?:\(\d\))?$/,
    readers: { date: "some" },
    convert: (type, { timeZone }) => (timeZone === undefined ? zoneless : instant(type, timeZone)),
  },
  { types: /^json$/, readers: { json: "all" }, convert: () => modified },
  {
    types: /^enum\(/,
    readers: { string: "all" },
    // In another case a value would pass
    convert: (type) => ({
      ...modified,
      fits: (c) => `BINARY ${c} IN ${type.slice("enum".length)}`,
    }),
  },
  {
    types: /^set\('[^"\\[\]]*'\)$/,
    readers: { json: "all" },
    convert: (type) =>
      swapped(type, {
        up: (c) =>
          `CASE WHEN ${c} IS NULL THEN NULL WHEN ${asText(c)} LIKE '[%' THEN ${asText(c)} ` +
          `WHEN ${asText(c)} = '' THEN '[]' ` +
          `ELSE CONCAT('["', REPLACE(${asText(c)}, ',', '","'), '"]') END`,
        down: (c) =>
          `REPLACE(TRIM(LEADING '["' FROM TRIM(TRAILING '"]' FROM IF(${c} = '[]', '', ${c}))), '","', ',')`,
        fits: (c) =>
          `${c} NOT LIKE '[%' OR ${c} REGEXP '^(\\\\[\\\\]|\\\\["[^"]*"(,"[^"]*")*\\\\])$'`,
      }),
  },
  { types: /^(?:uuid|inet[46])$/, readers: { string: "all" }, convert: () => modified },
  {
    types: /^(?:(?:tiny|medium|long)?blob|(?:var)?binary\(\d+\))$/,
    readers: { ...ANY_TEXT, string: "some" },
    convert: () => ({
      ...modified,
      up: (c) => `CONVERT(${c} USING utf8mb4)`,
      unfit: (c) =>
        `HEX(${c}) NOT REGEXP '^(2D|3D|5F|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])*$'`,
      whyUnfit:
        "are not made of the characters of a token; bytes as they are have no text. Convert them " +
        "by hand, as in HEX(c) with a codec of your own",
    }),
  },
]

/** Returns how the values of a column become text and come back in MySQL and MariaDB. */
export function mysqlConversion(type: string, wish: Wish): MysqlConversion | Refusal {
  if (wish.reader === "digest") return digest(type, wish)
  const kind = KINDS.find(({ types }) => types.test(type))
  if (!kind) return { refusal: "which has no text that says all of a value" }
  const reads = wish.reader === "own" ? "some" : kind.readers[wish.reader]
  if (!reads) return unsuitedReader(wish.reader, Object.keys(kind.readers) as TextReader[])
  const made = kind.convert(type, wish)
  if ("refusal" in made) return made
  return { ...made, readable: reads === "all", exact: !made.swapped }
}

function digest(type: string, { bits = 256 }: Wish): MysqlConversion | Refusal {
  const [matched, length] = TEXTS.exec(type) ?? []
  if (matched === undefined) return { refusal: "which holds no values of a blind index" }
  const from = length === undefined ? undefined : Number(length)
  const cut = digestConversion(bits, from, (text, digits) => `LEFT(${text}, ${digits})`)
  return {
    ...cut,
    swapped: true,
    ...(from !== undefined && { back: { type, expression: cut.down } }),
  }
}

function asText(c: string): string {
  return `CAST(${c} AS CHAR CHARACTER SET utf8mb4)`
}

const zoneless: Refusal = {
  refusal:
    "whose values say no instant without a zone; give `timestampZone` to withEncryption(), the " +
    'zone in which the driver reads them, as in "UTC" or "+02:00"',
}

/** Without its tables of zones, which most servers lack, the server knows offsets only. */
function instant(type: string, timeZone: string): Made | Refusal {
  const offset = /^(?:UTC|Etc\/UTC|GMT|Z)$/.test(timeZone) ? "+00:00" : timeZone
  if (!/^[+-]\d\d:\d\d$/.test(offset)) {
    return { refusal: `for which \`timestampZone\` must be "UTC" or an offset as in "+02:00"` }
  }
  const digits = /\((\d)\)/.exec(type)?.[1] ?? "0"
  // Not by CONVERT_TZ, which leaves years before 1970 and after 2037 as they are
  const minutes = minutesOf(offset)
  const value = (c: string): string =>
    `CAST(REPLACE(TRIM(TRAILING 'Z' FROM ${asText(c)}), 'T', ' ') AS DATETIME(6)) + ` +
    `INTERVAL IF(${asText(c)} LIKE '%Z', ${minutes}, 0) MINUTE`
  return {
    up: (c) =>
      `CASE WHEN ${asText(c)} LIKE '%Z' THEN ${asText(c)} ELSE CONCAT(REPLACE(` +
      `${asText(`CAST(${c} - INTERVAL ${minutes} MINUTE AS DATETIME(6))`)}, ' ', 'T'), 'Z') END`,
    down: value,
    fits: (c) =>
      `${asText(c)} REGEXP '${WRITTEN_INSTANT}' AND COALESCE(${summedTime(c, minutes)} = ${value(c)} ` +
      `AND ${value(c)} = CAST(${value(c)} AS DATETIME(${digits})), 0)`,
    swapped: true,
    // With fewer digits its value would depend on the session, which rounds or cuts
    back: { type: "datetime(6)", expression: (c) => summedTime(c, minutes) },
  }
}

function minutesOf(offset: string): number {
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4))
  return offset.startsWith("-") ? -minutes : minutes
}

/** As the codec writes it; or as the server does, in a column that a run has given its type again. */
const WRITTEN_INSTANT =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}" +
  "(T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{1,6}Z| [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)$"

/**
 * The local time of a written instant, added up: a generated column makes no time of a text, for that
 * depends on the session, and a step between would leave times in UTC to who is killed there.
 */
function summedTime(c: string, minutes: number): string {
  const part = (from: number, length?: number): string =>
    `SUBSTR(${asText(c)}, ${from}${length === undefined ? "" : `, ${length}`})`
  return [
    "TIMESTAMP'1000-01-01 00:00:00.000000'",
    `INTERVAL ${part(1, 4)} * 12 + ${part(6, 2)} - 12001 MONTH`,
    `INTERVAL ${part(9, 2)} - 1 DAY`,
    `INTERVAL ${part(12, 2)} HOUR`,
    `INTERVAL ${part(15, 2)} MINUTE`,
    `INTERVAL TRIM(TRAILING 'Z' FROM ${part(18)}) SECOND`,
    `INTERVAL IF(${asText(c)} LIKE '%Z', ${minutes}, 0) MINUTE`,
  ].join(" + ")
}

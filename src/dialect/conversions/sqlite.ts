import {
  ANY_TEXT,
  type Conversion,
  digestConversion,
  type Refusal,
  type TextReader,
  unsuitedReader,
  type Wish,
} from "./conversion"

interface Kind {
  readonly types: RegExp
  readonly readers: Partial<Record<TextReader, "all" | "some">>
  readonly made: Omit<Conversion, "readable">
}

const TEXTS = /char|clob|text|^(?:uuid|date|time)$/i

const TOKEN_BYTES =
  "are not made of the characters of a token; bytes as they are have no text. Convert them by hand, " +
  "as in hex(c) with a codec of your own"

/** The column that the text is copied to, and back from, converts what is no text by itself. */
const copied: Omit<Conversion, "readable"> = {
  up: (c) => `CAST(${c} AS TEXT)`,
  down: (c) => c,
  unfit: (c) => `typeof(${c}) = 'blob'`,
  whyUnfit: "are bytes",
  exact: true,
}

const whole: Omit<Conversion, "readable"> = {
  ...copied,
  // What is no integer would stay a text in the integer column, or become a fraction
  unfit: (c) => `typeof(${c}) NOT IN ('integer', 'null')`,
  whyUnfit: "are no integers",
  fits: (c) => `CAST(CAST(${c} AS INTEGER) AS TEXT) = ${c}`,
}

/** How TypeORM's types of SQLite become text, and come back, while the table is copied. */
const KINDS: readonly Kind[] = [
  {
    // Text by the copy would be 1 and 0, which the codec does not read, and both read true again
    types: /^bool/i,
    readers: { boolean: "all" },
    made: {
      up: (c) => `CASE WHEN ${c} IS NULL THEN NULL WHEN ${c} THEN 'true' ELSE 'false' END`,
      down: (c) => `CASE ${c} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE ${c} END`,
      unfit: (c) => `${c} IS NOT NULL AND ${c} NOT IN (0, 1)`,
      whyUnfit: "are neither 0 nor 1",
      fits: (c) => `${c} IN ('true', 'false')`,
      exact: true,
    },
  },
  {
    types: /^(?:big int|bigint|unsigned big int|int8)$/i,
    readers: { string: "all", bigint: "all", number: "some" },
    made: whole,
  },
  { types: /int/i, readers: { number: "some", bigint: "all" }, made: whole },
  {
    types: /^(?:real|double|double precision|float|numeric|decimal)$/i,
    readers: { number: "some", string: "some" },
    made: {
      ...copied,
      up: (c) => `CASE typeof(${c}) WHEN 'real' THEN ${shortest(c)} ELSE CAST(${c} AS TEXT) END`,
      unfit: (c) => `typeof(${c}) NOT IN ('integer', 'real', 'null')`,
      whyUnfit: "are no numbers",
      fits: (c) =>
        `typeof(${c} + 0) <> 'integer' OR CAST(${c} + 0 AS TEXT) = ${c} OR ${c} LIKE '%.%'`,
      exact: false,
    },
  },
  {
    // TypeORM writes UTC there
    types: /^(?:datetime|timestamp)$/i,
    readers: { date: "some" },
    made: {
      ...copied,
      up: (c) =>
        `CASE WHEN ${c} LIKE '____-__-__ __:__%' THEN replace(${c}, ' ', 'T') || 'Z' ` +
        `ELSE CAST(${c} AS TEXT) END`,
      down: (c) => `replace(rtrim(${c}, 'Z'), 'T', ' ')`,
      fits: (c) => `${c} LIKE '____-__-__T__:__:__%Z'`,
      exact: false,
    },
  },
  { types: /^jsonb?$/i, readers: { json: "some" }, made: copied },
  { types: TEXTS, readers: ANY_TEXT, made: { ...copied, up: (c) => c } },
  {
    types: /^blob$/i,
    readers: { ...ANY_TEXT, string: "some" },
    made: {
      up: (c) => `CAST(${c} AS TEXT)`,
      down: (c) => `CAST(${c} AS BLOB)`,
      unfit: (c) => `CAST(${c} AS TEXT) GLOB '*[^A-Za-z0-9_=-]*' OR instr(${c}, x'00') > 0`,
      whyUnfit: TOKEN_BYTES,
      exact: true,
    },
  },
]

/** Returns how the values of a column become text and come back in SQLite. */
export function sqliteConversion(type: string, wish: Wish): Conversion | Refusal {
  const { reader, bits = 256 } = wish
  const plain = type.replace(/\(.*\)$/, "")
  if (reader === "digest") {
    if (!TEXTS.test(plain)) return { refusal: "which holds no values of a blind index" }
    const [, length] = /\((\d+)\)/.exec(type) ?? []
    const from = length === undefined ? undefined : Number(length)
    return digestConversion(bits, from, (text, digits) => `substr(${text}, 1, ${digits})`)
  }
  const kind = KINDS.find(({ types }) => types.test(plain))
  if (!kind) return { refusal: "which has no text that says all of a value" }
  const reads = reader === "own" ? "some" : kind.readers[reader]
  if (!reads) return unsuitedReader(reader, Object.keys(kind.readers) as TextReader[])
  return { ...kind.made, readable: reads === "all" }
}

/** As few digits as say the number, which older versions of SQLite do not give by themselves. */
function shortest(c: string): string {
  const digits = (n: number): string => `printf('%!.${n}g', ${c})`
  const says = (n: number): string => `WHEN CAST(${digits(n)} AS REAL) = ${c} THEN ${digits(n)}`
  return `CASE ${says(15)} ${says(16)} ELSE ${digits(17)} END`
}

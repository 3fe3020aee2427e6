import {
  ANY_TEXT,
  type Conversion,
  digestConversion,
  type Refusal,
  type TextReader,
  unsuitedReader,
  type Wish,
} from "./conversion"

/** The type of a column in PostgreSQL. */
export interface PostgresType {
  /** As `format_type` writes it. */
  readonly type: string
  /** The same of what a domain is made of; of other types, the same. */
  readonly base: string
  /** The values of an enum. */
  readonly labels?: readonly string[]
}

/** A kind of types: what reads its text, and whether it reads every text of that kind. */
interface Kind {
  readonly types: RegExp
  readonly readers: Partial<Record<TextReader, "some" | "all">>
  readonly convert: (type: string, wish: Wish) => Omit<Conversion, "readable"> | Refusal
}

const TEXTS = /^(?:text|character varying(?:\((\d+)\))?|character(?:\((\d+)\))?|citext)$/

/** What type each of PostgreSQL's types becomes text by, and back. */
const KINDS: readonly Kind[] = [
  {
    types: /^(?:text|character varying(?:\(\d+\))?)$/,
    readers: ANY_TEXT,
    convert: (type) => ({ ...asIs, ...fitsLength(type) }),
  },
  {
    // The driver gave the spaces at the end
    types: /^character(?:\(\d+\))?$/,
    readers: ANY_TEXT,
    convert: (type) => {
      const length = lengthOf(type) ?? 1
      return {
        up: (c) => `rpad(${c}::text, ${length})`,
        down: (c) => c,
        exact: false,
        ...fitsLength(`character(${length})`),
      }
    },
  },
  { types: /^citext$/, readers: ANY_TEXT, convert: () => castAndBack("citext") },
  { types: /^smallint$/, readers: { number: "all", bigint: "all" }, convert: integer(15n) },
  { types: /^integer$/, readers: { number: "all", bigint: "all" }, convert: integer(31n) },
  {
    types: /^bigint$/,
    readers: { string: "all", bigint: "all", number: "some" },
    convert: integer(63n),
  },
  {
    types: /^numeric(?:\([\d,-]+\))?$/,
    readers: { string: "all", number: "some" },
    convert: (type) => ({ ...castAndBack("numeric"), fits: keepsValue("numeric", type) }),
  },
  {
    types: /^(?:real|double precision)$/,
    readers: { number: "some" },
    convert: (type) => ({
      ...castAndBack(type),
      exact: false,
      fits: (c) => `${c}::numeric = ${c}::${type}::text::numeric`,
    }),
  },
  { types: /^boolean$/, readers: { boolean: "all" }, convert: (type) => castAndBack(type) },
  {
    types: /^date$/,
    readers: { string: "all", date: "some" },
    convert: () => ({
      ...castAndBack("date"),
      exact: false,
      // An instant would lose its time
      fits: (c) => `length(${c}) <= 13 OR ${c} !~ 'T'`,
    }),
  },
  {
    types: /^time(?:\(\d\))? with(?:out)? time zone$/,
    readers: { string: "all" },
    convert: (type) => {
      const plain = type.replace(/\(\d\)/, "")
      return { ...castAndBack(plain), exact: false, fits: keepsValue(plain, type) }
    },
  },
  {
    types: /^timestamp(?:\(\d\))? with time zone$/,
    readers: { date: "some" },
    convert: (type) => ({
      up: instantText,
      down: instantOf,
      exact: false,
      fits: (c) => `${instantOf(c)} = ${instantOf(c)}::${type}`,
    }),
  },
  {
    types: /^timestamp(?:\(\d\))? without time zone$/,
    readers: { date: "some" },
    convert: (type, { timeZone }) => {
      if (timeZone === undefined) return zoneless
      const zone = zoneLiteral(timeZone)
      const local = (c: string): string => `(${instantOf(c)} AT TIME ZONE ${zone})`
      return {
        up: (c) => instantText(`(${c} AT TIME ZONE ${zone})`),
        down: local,
        exact: false,
        fits: (c) => `${local(c)} = ${local(c)}::${type}`,
      }
    },
  },
  {
    types: /^jsonb?$/,
    readers: { json: "all" },
    convert: (type) => ({ ...castAndBack(type), exact: false }),
  },
  {
    types: /^(?:uuid|cidr|macaddr8?|xml|tsvector|(?:int[48]|num)range|money)$/,
    readers: { string: "all" },
    convert: (type) => ({ ...castAndBack(type), exact: false }),
  },
  {
    types: /^bit(?: varying)?(?:\(\d+\))?$/,
    readers: { string: "all" },
    convert: (type) => ({
      ...castAndBack("varbit"),
      fits: (c) => {
        const [, varying, length] = /^bit( varying)?(?:\((\d+)\))?$/.exec(type) ?? []
        if (length === undefined) return varying ? "true" : `length(${c}) = 1`
        return `length(${c}) ${varying ? "<=" : "="} ${length}`
      },
    }),
  },
  {
    // Its text would name a network mask where the driver gave none; concat() of NULL is ''
    types: /^inet$/,
    readers: { string: "all" },
    convert: () => ({
      up: (c) => `CASE WHEN ${c} IS NOT NULL THEN concat(${c}) END`,
      down: (c) => `${c}::inet`,
      exact: false,
    }),
  },
  {
    types: /^bytea$/,
    readers: { ...ANY_TEXT, string: "some" },
    convert: () => ({
      up: (c) => `convert_from(${c}, 'UTF8')`,
      down: (c) => `convert_to(${c}, 'UTF8')`,
      unfit: (c) => `encode(${c}, 'escape') !~ '^[A-Za-z0-9_=-]*$'`,
      whyUnfit:
        "are not made of the characters of a token; bytes as they are have no text. Convert them " +
        "by hand, as in encode(c, 'hex') with a codec of your own",
      exact: true,
    }),
  },
]

/** What else has a text, and none that says the value to the application. */
const UNFAITHFUL: readonly (readonly [RegExp, string])[] = [
  [/\[\]$/, "which has no single expression back from text; convert it by hand, to JSON for one"],
]

/**
 * Returns how the values of a column become text and come back in PostgreSQL, whatever the settings
 * of the session but for those that a type change makes for itself.
 */
export function postgresConversion(source: PostgresType, wish: Wish): Conversion | Refusal {
  const { base, type, labels } = source
  if (wish.reader === "digest") return digest(base, wish)
  const kind = labels ? enumKind(type, labels) : KINDS.find(({ types }) => types.test(base))
  const unfaithful = UNFAITHFUL.find(([types]) => types.test(base))
  if (!kind || unfaithful) {
    return { refusal: unfaithful?.[1] ?? "which has no text that says all of a value" }
  }
  const reads = wish.reader === "own" ? "some" : kind.readers[wish.reader]
  if (!reads) return unsuitedReader(wish.reader, Object.keys(kind.readers) as TextReader[])
  const conversion = kind.convert(base, wish)
  if ("refusal" in conversion) return conversion
  const { down } = conversion
  const isDomain = base !== type && !labels
  return {
    ...conversion,
    readable: reads === "all",
    ...(isDomain && { down: (c: string) => `${down(c)}::${type}`, exact: false }),
  }
}

/** Returns how documents change between text and JSON: by what they are in text. */
export function documentConversion({ base, type }: PostgresType): Conversion | Refusal {
  const isJson = /^jsonb?$/.test(base)
  if (!isJson && !TEXTS.test(base)) return { refusal: "which holds no JSON documents" }
  return {
    up: (c) => `${c}::text`,
    down: (c) => `${c}::text::${type}`,
    readable: isJson,
    exact: true,
  }
}

function digest(base: string, { bits = 256 }: Wish): Conversion | Refusal {
  if (!TEXTS.test(base)) return { refusal: "which holds no values of a blind index" }
  return digestConversion(bits, lengthOf(base), (text, digits) => `left(${text}, ${digits})`)
}

function enumKind(type: string, labels: readonly string[]): Kind {
  const list = labels.map((label) => `'${label.replaceAll("'", "''")}'`).join(", ")
  return {
    types: /^/,
    readers: { string: "all" },
    convert: () => ({ ...castAndBack(type), exact: false, fits: (c) => `${c} IN (${list})` }),
  }
}

const asIs = { up: (c: string) => c, down: (c: string) => c, exact: true }

function castAndBack(type: string): Pick<Conversion, "down" | "exact" | "up"> {
  return { up: (c) => `${c}::text`, down: (c) => `${c}::${type}`, exact: true }
}

/** An explicit cast to a shorter type would cut. */
function fitsLength(type: string): Pick<Conversion, "fits"> {
  const length = lengthOf(type)
  return length === undefined ? {} : { fits: (c) => `length(${c}) <= ${length}` }
}

function lengthOf(type: string): number | undefined {
  const [, length] = /\((\d+)\)$/.exec(type) ?? []
  return length === undefined ? undefined : Number(length)
}

/** An assignment to fewer places rounds. */
function keepsValue(base: string, type: string): (text: string) => string {
  return (c) => `${c}::${base} = ${c}::${base}::${type}`
}

function integer(bits: bigint): Kind["convert"] {
  const limit = 2n ** bits
  return (type) => ({
    ...castAndBack(type),
    // The error of a cast quotes the value
    fits: (c) =>
      `CASE WHEN ${c} ~ '^-?[0-9]{1,19}$' ` +
      `THEN ${c}::numeric BETWEEN ${-limit} AND ${limit - 1n} ELSE false END`,
  })
}

const zoneless: Refusal = {
  refusal:
    "whose values say no instant without a zone; give `timestampZone` to withEncryption(), " +
    'the zone that the application wrote them in, as in "UTC"',
}

/** PostgreSQL reads the sign of an offset that is no interval the other way round. */
function zoneLiteral(timeZone: string): string {
  const literal = `'${timeZone.replaceAll("'", "''")}'`
  return /^[+-]\d/.test(timeZone) ? `INTERVAL ${literal}` : literal
}

/** ISO 8601 in UTC with every digit; what has no year 1 to 9999 as JavaScript writes it. */
function instantText(c: string): string {
  const utc = `(${c} AT TIME ZONE 'UTC')`
  const year = `extract(year FROM ${utc})::int`
  return (
    `CASE WHEN isfinite(${c}) THEN CASE WHEN ${year} BETWEEN 1 AND 9999 THEN to_char(${utc}, 'YYYY') ` +
    `WHEN ${year} > 0 THEN '+' || lpad(${year}::text, 6, '0') WHEN ${year} = -1 THEN '0000' ` +
    `ELSE '-' || lpad((-${year} - 1)::text, 6, '0') END || ` +
    `to_char(${utc}, '-MM-DD"T"HH24:MI:SS.US"Z"') ELSE ${c}::text END`
  )
}

/** PostgreSQL reads years 1 to 9999 only, and others with BC behind them. */
function instantOf(c: string): string {
  const rest = `regexp_replace(${c}, '^[+-]?[0-9]{4,6}', '')`
  const year = `substring(${c} from '^[+-]?[0-9]{4,6}')::int`
  return (
    `CASE WHEN ${c} ~ '^([+-][0-9]{6}|0000)-' THEN CASE WHEN ${year} > 0 ` +
    `THEN (lpad(${year}::text, greatest(4, length(${year}::text)), '0') || ${rest})::timestamptz ` +
    `ELSE (lpad((1 - ${year})::text, 4, '0') || ${rest} || ' BC')::timestamptz END ` +
    `ELSE ${c}::timestamptz END`
  )
}

import type { ResultRow } from "../connection"

/**
 * What is to read the text that a column's values become: a built-in codec, `"own"` for one of the
 * user's, `"digest"` for the companion of a blind index, which nothing reads.
 */
export type TextReader =
  "bigint" | "boolean" | "bytes" | "date" | "digest" | "json" | "number" | "own" | "string"

/** How the values of a column become text, and the text a value again. SQL in, SQL out. */
export interface Conversion {
  readonly up: (column: string) => string
  readonly down: (text: string) => string
  /** The condition under which a text comes back as the value it says, whole; defaults to always. */
  readonly fits?: (text: string) => string
  /** The condition under which `up` fails for a value, or gives it another meaning. */
  readonly unfit?: (column: string) => string
  /** What is wrong with an unfit value, to follow a number of cells. */
  readonly whyUnfit?: string
  /** Whether the reader reads every text that comes out. */
  readonly readable: boolean
  /** Whether it follows from the types alone that every value comes back. */
  readonly exact: boolean
}

/** What decides how values become text. */
export interface Wish {
  readonly reader: TextReader
  /** The zone of timestamps without one, by its name or as an offset from UTC. */
  readonly timeZone?: string | undefined
  /** Bits of a digest. */
  readonly bits?: number
}

/** Says why a column is not converted, to follow its name and type. */
export interface Refusal {
  readonly refusal: string
}

/** What a type change asks the database before it changes anything. */
export interface Looking {
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly ResultRow[] }>
}

/** A connection, and whether a transaction is open on it. */
export interface OpenConnection {
  readonly connection: Looking
  readonly inTransaction: boolean
}

/** A column that is to have another type. */
export interface ColumnTarget extends Wish {
  readonly name: string
  /** What messages call it. */
  readonly label: string
  /** The type, as in the column's definition. */
  readonly type: string
  /** Whether its values become tokens, which are to fit into the type. */
  readonly grows: boolean
  /** Whether it holds documents, of which only parts are tokens. Defaults to `false`. */
  readonly isDocument?: boolean
  /** Whether the codec reads a text that is no token. */
  readonly reads: (text: string) => boolean
}

/** The statements that give columns of one table other types, or what is in the way. */
export interface TypeChange {
  readonly problems: readonly string[]
  readonly up: readonly string[]
  /** The statements that take it back, in the order they are to run. */
  readonly down: readonly string[]
  /** What gives the session its settings back if a statement fails; the last of them does else. */
  readonly afterFailure?: readonly string[]
  /** Whom the statements keep waiting, and while what is done. */
  readonly lock?: string
  /** For a database that changes types by copying the table: the statements come before the copy. */
  readonly copied?: readonly CopiedColumn[]
}

/** Runs what changes types, and gives the session its settings back if that fails. */
export async function settingBack(
  { afterFailure = [] }: TypeChange,
  run: (statements: readonly string[]) => Promise<void>,
  change: () => Promise<void>,
): Promise<void> {
  try {
    await change()
  } catch (error) {
    // On a connection that is lost there is nothing to give back
    await run(afterFailure).catch(() => undefined)
    throw error
  }
}

/** A column of text that is to have the type of its values again. */
export type ValueTarget = Pick<ColumnTarget, "label" | "name" | "type"> & Pick<Wish, "timeZone">

/** What takes the place of a column where a table is copied to change its type, and copied back. */
export interface CopiedColumn {
  readonly name: string
  readonly up: string
  readonly down: string
}

/** Whether a conversion was refused. */
export function isRefusal(conversion: Conversion | Refusal): conversion is Refusal {
  return "refusal" in conversion
}

/** What reads any text, and whether it reads every one. */
export const ANY_TEXT = {
  string: "all",
  bytes: "all",
  number: "some",
  bigint: "some",
  boolean: "some",
  date: "some",
  json: "some",
} as const

/** Returns a type as it is compared, however it was spelt. */
export function speltType(type: string): string {
  return type
    .toLowerCase()
    .replaceAll(/ *([(),]) */g, "$1")
    .trim()
}

/** Says how many values of a column are in the way, and why, unless there are none. */
export function problemsOf(
  { label }: ColumnTarget,
  type: string,
  counts: readonly (readonly [count: number, what: string | undefined])[],
): readonly string[] {
  return counts.flatMap(([count, what = ""]) =>
    count > 0 ? [`${label} is ${type}, and ${count} of its values ${what}.`] : [],
  )
}

/** Of values that could only be left in plaintext, one by one. */
export function tokensDoNotFit({ type }: ColumnTarget): string {
  return `do not fit into ${type} as tokens`
}

/** Of values whose text is not what it was made of. */
export function wouldNotComeBack({ type }: ColumnTarget): string {
  return `would not come back from ${type} as they are`
}

/** Of values that the codec would leave behind. */
export function noneOfCodec({ reader }: ColumnTarget): string {
  return `are none that the codec "${reader}" reads`
}

/** Says which codec reads a type, where the declared one does not. */
export function unsuitedReader(reader: TextReader, suited: readonly TextReader[]): Refusal {
  const names = suited.map((one) => `"${one}"`).join(" or ")
  return {
    refusal: `whose values the codec "${reader}" does not read; use ${names}, or a codec of your own`,
  }
}

/** Digests that are too long are cut, which is right for fewer bits; what is too short is made anew. */
export function digestConversion(
  bits: number,
  from: number | undefined,
  left: (text: string, digits: number) => string,
): Conversion {
  const cut = (digits: number) => (text: string) =>
    `CASE WHEN length(${text}) >= ${digits} THEN ${left(text, digits)} END`
  return {
    // The last digit of others keeps some of its bits only
    up: bits % 4 === 0 ? cut(bits / 4) : () => "NULL",
    down: from === undefined ? (text) => text : cut(from),
    readable: true,
    exact: true,
  }
}

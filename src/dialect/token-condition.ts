import { SHORTEST_TOKEN, TOKEN_HEAD } from "../fernet/token-format"

/**
 * Returns the SQL condition that a text is to be taken for a token: it begins as tokens of today do,
 * also if it is none, like one that was cut; or it has the version byte of tokens of any time, their
 * alphabet and a length they may have. Filters, searches and the CHECK constraint take it from here.
 *
 * @param cell - the SQL of a column, or of another text
 */
export type TokenCondition = (cell: string) => string

/**
 * Returns the SQL condition that a text of JSON has a string in it that begins as tokens do, as a key
 * or as a value: JSON is not looked into.
 *
 * @param head - the pattern of a beginning, in words that regular expressions and GLOB share: of
 * tokens of any time by default
 */
export type LeafCondition = (cell: string, head?: string) => string

/** Version byte and the first bits of a timestamp. */
const ANY_HEAD = "g[A-P]"

export const postgresLeaf: LeafCondition = (cell, head = ANY_HEAD) =>
  `CAST(${cell} AS text) COLLATE "C" ~ '"${head}'`

/** The same of MySQL. */
export const mysqlLeaf: LeafCondition = (cell, head = ANY_HEAD) =>
  `CONVERT(${cell} USING utf8mb4) COLLATE utf8mb4_bin REGEXP '"${head}'`

/** The same of SQLite. */
export const sqliteLeaf: LeafCondition = (cell, head = ANY_HEAD) =>
  `CAST(${cell} AS TEXT) GLOB '*"${head}*'`

/** Characters of URL-safe Base64, as the inside of a bracket expression. */
const ALPHABET = "A-Za-z0-9_-"

/** Compares byte by byte, whatever the column's collation. */
export const postgresToken: TokenCondition = (cell) => {
  const text = `CAST(${cell} AS text) COLLATE "C"`
  return either(`${text} LIKE '${TOKEN_HEAD}%'`, [
    `${text} ~ '^${ANY_HEAD}'`,
    ...hasTokenLength(text),
    `rtrim(${text}, '=') !~ '[^${ALPHABET}]'`,
  ])
}

/** Compares byte by byte, where collations ignore case. */
export const mysqlToken: TokenCondition = (cell) => {
  const text = `CONVERT(${cell} USING utf8mb4)`
  const exact = `${text} COLLATE utf8mb4_bin`
  return either(`CAST(${text} AS BINARY) LIKE '${TOKEN_HEAD}%'`, [
    `${exact} REGEXP '^${ANY_HEAD}'`,
    ...hasTokenLength(text),
    `TRIM(TRAILING '=' FROM ${exact}) NOT REGEXP '[^${ALPHABET}]'`,
  ])
}

/** GLOB minds case, where LIKE would ignore that of ASCII letters. */
export const sqliteToken: TokenCondition = (cell) => {
  const text = `CAST(${cell} AS TEXT)`
  return either(`${text} GLOB '${TOKEN_HEAD}*'`, [
    `${text} GLOB '${ANY_HEAD}*'`,
    ...hasTokenLength(text),
    `rtrim(${text}, '=') NOT GLOB '*[^${ALPHABET}]*'`,
  ])
}

function hasTokenLength(text: string): readonly string[] {
  return [`length(${text}) >= ${SHORTEST_TOKEN}`, `length(${text}) % 4 = 0`]
}

function either(head: string, others: readonly string[]): string {
  return `(${head} OR ${others.join(" AND ")})`
}

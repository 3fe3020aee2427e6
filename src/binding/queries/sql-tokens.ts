import type { SqlSyntax } from "../../dialect/driver-facts"

/** One token of SQL. White space and comments are none. */
export interface SqlToken {
  readonly kind:
    /** A name or keyword without quotes. */
    | "word"
    /** A name in quotes, without them. */
    | "name"
    /** A text, a number or another literal. */
    | "literal"
    /** `:name` or `:...name`, as a query builder takes it, without the colon. */
    | "parameter"
    /** An operator, as in `<=` or `->>`, or one of `( ) [ ] { } , ; .` */
    | "symbol"
  readonly text: string
  /** Where it begins and ends in the SQL. */
  readonly start: number
  readonly end: number
}

interface Rule {
  readonly kind: SqlToken["kind"] | "blank"
  readonly pattern: RegExp
  readonly textOf?: (matched: string) => string
}

const unquoted = (matched: string): string => {
  const quote = matched.slice(-1)
  const name = matched.slice(1, -1)
  return quote === "]" ? name : name.replaceAll(quote + quote, quote)
}

/** The greatest number of a character. */
const LAST = 0x10ffff

function unescaped(matched: string): string {
  const [, escape = "\\"] = /'(.)'$/su.exec(matched) ?? []
  const name = unquoted(matched.slice(2, matched.lastIndexOf('"') + 1))
  const by = escape.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&")
  const numbers = new RegExp(`${by}(?:${by}|\\+([0-9a-f]{6})|([0-9a-f]{4}))`, "giu")
  return name.replaceAll(numbers, (_all, long?: string, short?: string) => {
    const number = long ?? short
    return number === undefined
      ? escape
      : String.fromCodePoint(Math.min(parseInt(number, 16), LAST))
  })
}

// The last one of an unclosed comment, text or name reaches to the end, so that nothing in it is code
const blank: Rule = { kind: "blank", pattern: /\s+/y }
const lineComment: Rule = { kind: "blank", pattern: /--[^\n]*/y }
const blockComment: Rule = { kind: "blank", pattern: /\/\*[^]*?(?:\*\/|$)/y }
const text: Rule = { kind: "literal", pattern: /(?:[bBnNxX])?'(?:[^']|'')*(?:'|$)/y }
const number: Rule = {
  kind: "literal",
  pattern: /(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[\w]*/y,
}
const word: Rule = {
  kind: "word",
  pattern: /\$?[\p{L}_\u0080-\uffff][\p{L}\p{N}\p{M}_$\u0080-\uffff]*/uy,
}
const doubleQuoted: Rule = { kind: "name", pattern: /"(?:[^"]|"")*(?:"|$)/y, textOf: unquoted }
/** A name of PostgreSQL that has characters by their numbers, as `U&"\0061da"` has. */
const numbered: Rule = {
  kind: "name",
  pattern: /[uU]&"(?:[^"]|"")*(?:"|$)(?:\s*UESCAPE\s*'[^']')?/iy,
  textOf: unescaped,
}
const backticked: Rule = { kind: "name", pattern: /`(?:[^`]|``)*(?:`|$)/y, textOf: unquoted }
const bracketed: Rule = { kind: "name", pattern: /\[[^\]]*(?:\]|$)/y, textOf: unquoted }
const parameter: Rule = {
  kind: "parameter",
  pattern: /:(?:\.\.\.)?[A-Za-z0-9_.]+/y,
  textOf: (matched) => matched.slice(1),
}
const cast: Rule = { kind: "symbol", pattern: /::/y }
// In no operator: what begins a comment
const operator: Rule = { kind: "symbol", pattern: /(?:(?!--|\/\*)[+\-*/<>=~!@#%^&|?])+/y }
const punctuation: Rule = { kind: "symbol", pattern: /[^]/y }

const rules: Readonly<Record<SqlSyntax, readonly Rule[]>> = {
  postgres: [
    blank,
    { kind: "blank", pattern: /--[^\n\r]*/y },
    { kind: "literal", pattern: /[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)/y },
    { kind: "literal", pattern: /[uU]&'(?:[^']|'')*(?:'|$)/y },
    { kind: "literal", pattern: /\$((?:[\p{L}_][\p{L}\p{N}_]*)?)\$[^]*?(?:\$\1\$|$)/uy },
    text,
    doubleQuoted,
    numbered,
    number,
    word,
    cast,
    parameter,
    operator,
    punctuation,
  ],
  mysql: [
    blank,
    { kind: "blank", pattern: /(?:--(?=\s|$)|#)[^\n]*/y },
    // What it runs of a comment is code, and so is its end
    { kind: "blank", pattern: /\/\*M?!\d*|\*\//y },
    blockComment,
    { kind: "literal", pattern: /(?:[bBnNxX])?'(?:[^'\\]|\\[^]|'')*(?:'|$)/y },
    { kind: "literal", pattern: /"(?:[^"\\]|\\[^]|"")*(?:"|$)/y },
    backticked,
    number,
    word,
    parameter,
    { kind: "symbol", pattern: /(?:(?!--|\/\*)[+\-*/<>=~!@%^&|?])+/y },
    punctuation,
  ],
  sqlite: [
    blank,
    lineComment,
    blockComment,
    text,
    doubleQuoted,
    backticked,
    bracketed,
    number,
    word,
    parameter,
    operator,
    punctuation,
  ],
}

/**
 * Splits SQL into its tokens. Every character outside of white space and comments is in one.
 *
 * @param oddNames - matches names of a model that no database would take for one, as of `first-name`
 */
export function tokenize(sql: string, syntax: SqlSyntax, oddNames?: RegExp): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  let at = 0
  while (at < sql.length) {
    const isQualified = sql[at] === "." && isName(tokens.at(-1))
    const name = oddNames && matchAt(oddNames, sql, isQualified ? at + 1 : at)
    if (name !== undefined) {
      if (isQualified) tokens.push({ kind: "symbol", text: ".", start: at, end: ++at })
      tokens.push({ kind: "name", text: name, start: at, end: at + name.length })
      at += name.length
      continue
    }
    if (syntax === "postgres" && sql.startsWith("/*", at)) {
      at = endOfNestedComment(sql, at)
      continue
    }
    for (const { kind, pattern, textOf } of rules[syntax]) {
      const matched = matchAt(pattern, sql, at)
      if (matched === undefined) continue
      const start = at
      at += matched.length
      if (kind !== "blank") {
        tokens.push({ kind, text: textOf ? textOf(matched) : matched, start, end: at })
      }
      break
    }
  }
  return tokens
}

function isName(token: SqlToken | undefined): boolean {
  return token?.kind === "word" || token?.kind === "name"
}

function matchAt(sticky: RegExp, sql: string, at: number): string | undefined {
  sticky.lastIndex = at
  return sticky.exec(sql)?.[0]
}

/** Returns what matches the names that are no words of SQL, if there are any. */
export function oddNamesAmong(names: Iterable<string>): RegExp | undefined {
  const odd = [...new Set(names)].filter((name) => name !== "" && !isWord(name))
  if (odd.length === 0) return undefined
  // Of two that fit, the longer one
  const escaped = odd
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
  return new RegExp(`(?:${escaped.join("|")})(?![\\p{L}\\p{N}_$])`, "uy")
}

function isWord(name: string): boolean {
  return matchAt(word.pattern, name, 0) === name
}

/** PostgreSQL's comments hold others. */
function endOfNestedComment(sql: string, start: number): number {
  const ends = /\/\*|\*\//g
  ends.lastIndex = start
  let depth = 0
  for (let match = ends.exec(sql); match; match = ends.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1
    if (depth === 0) return ends.lastIndex
  }
  return sql.length
}

/** Whether a condition has alternatives that no brackets hold together. */
export function hasOpenAlternative(sql: string, syntax: SqlSyntax, oddNames?: RegExp): boolean {
  let depth = 0
  for (const { kind, text: token } of tokenize(sql, syntax, oddNames)) {
    if (kind === "symbol" && token === "(") depth++
    else if (kind === "symbol" && token === ")") depth--
    else if (depth > 0) continue
    else if (kind === "word" && /^(?:or|xor)$/i.test(token)) return true
    else if (kind === "symbol" && token === "||" && syntax === "mysql") return true
  }
  return false
}

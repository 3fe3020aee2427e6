import { isKeyword, isSymbol } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"

/** A comparison of a column for equality with parameters, by the indices of its tokens. */
export interface Comparison {
  readonly start: number
  readonly end: number
  readonly negated: boolean
  readonly values: readonly SqlToken[]
  /** Whether it is with one value, and not a list. */
  readonly isValue: boolean
}

/** The tokens of a column, from the first to before the last. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Whether an expression may begin after the token of an index. */
export type Begins = (before: number) => boolean

/** Returns the comparison that a column stands in, if it is one for equality and nothing more. */
export function comparisonOf(
  tokens: readonly SqlToken[],
  column: Span,
  begins: Begins = (before) => isBoundary(tokens[before]),
): Comparison | undefined {
  return (
    comparisonAfter(tokens, column, begins) ??
    comparisonBefore(tokens, column, begins) ??
    listAfter(tokens, column, begins)
  )
}

/** As in `path = :value`, or `path = ANY(:values)`. */
function comparisonAfter(
  tokens: readonly SqlToken[],
  { start, end }: Span,
  begins: Begins,
): Comparison | undefined {
  const negated = equality(tokens[end])
  if (negated === undefined || !begins(start - 1)) return undefined
  if (isKeyword(tokens[end + 1], "ANY") && isSymbol(tokens[end + 2], "(") && !negated) {
    const list = tokens[end + 3]
    const close = afterCast(tokens, end + 4)
    if (list?.kind !== "parameter" || !isSymbol(tokens[close], ")")) return undefined
    if (!isEnd(tokens[close + 1])) return undefined
    return { start, end: close + 1, negated, values: [list], isValue: false }
  }
  const value = tokens[end + 1]
  const after = afterCast(tokens, end + 2)
  if (value?.kind !== "parameter" || !isEnd(tokens[after])) return undefined
  return { start, end: after, negated, values: [value], isValue: true }
}

/** As in `:value = path`. */
function comparisonBefore(
  tokens: readonly SqlToken[],
  { start, end }: Span,
  begins: Begins,
): Comparison | undefined {
  const negated = equality(tokens[start - 1])
  const value = tokens[start - 2]
  if (negated === undefined || value?.kind !== "parameter") return undefined
  if (!begins(start - 3) || !isEnd(tokens[end])) return undefined
  return { start: start - 2, end, negated, values: [value], isValue: true }
}

/** As in `path NOT IN (:...values)`. */
function listAfter(
  tokens: readonly SqlToken[],
  { start, end }: Span,
  begins: Begins,
): Comparison | undefined {
  const negated = isKeyword(tokens[end], "NOT")
  let at = negated ? end + 1 : end
  if (!isKeyword(tokens[at], "IN") || !isSymbol(tokens[at + 1], "(")) return undefined
  if (!begins(start - 1)) return undefined
  const values: SqlToken[] = []
  for (at += 2; ; at++) {
    const value = tokens[at]
    if (value?.kind !== "parameter") return undefined
    values.push(value)
    at = afterCast(tokens, at + 1)
    if (isSymbol(tokens[at], ")")) break
    if (!isSymbol(tokens[at], ",")) return undefined
  }
  return isEnd(tokens[at + 1]) ? { start, end: at + 1, negated, values, isValue: false } : undefined
}

/** What follows a parameter that is cast to a text, or to a list of texts, as `:value::text` is. */
function afterCast(tokens: readonly SqlToken[], at: number): number {
  if (!isSymbol(tokens[at], "::") || !isKeyword(tokens[at + 1], "TEXT", "VARCHAR")) return at
  const isList = isSymbol(tokens[at + 2], "[") && isSymbol(tokens[at + 3], "]")
  return isList ? at + 4 : at + 2
}

/** Whether a token compares for equality, and is true of what differs; `undefined` if it does not. */
function equality(token: SqlToken | undefined): boolean | undefined {
  if (isSymbol(token, "=", "==")) return false
  return isSymbol(token, "<>", "!=") ? true : undefined
}

/** Whether a comparison may begin after a token. */
export function isBoundary(token: SqlToken | undefined): boolean {
  if (token === undefined || isSymbol(token, "(", ",")) return true
  return isKeyword(
    token,
    "AND",
    "OR",
    "NOT",
    "XOR",
    "ON",
    "WHERE",
    "HAVING",
    "WHEN",
    "THEN",
    "ELSE",
    "SELECT",
  )
}

/** Whether a comparison may end before a token. */
function isEnd(token: SqlToken | undefined): boolean {
  if (token === undefined || isSymbol(token, ")", ",", ";")) return true
  if (token.kind !== "word") return false
  return !isKeyword(
    token,
    "COLLATE",
    "ESCAPE",
    "AT",
    "IS",
    "NOTNULL",
    "ISNULL",
    "BETWEEN",
    "IN",
    "LIKE",
    "NOT",
    "ILIKE",
    "SIMILAR",
    "GLOB",
    "REGEXP",
    "RLIKE",
    "MATCH",
    "SOUNDS",
    "MEMBER",
    "OVERLAPS",
    "OPERATOR",
    "DIV",
    "MOD",
  )
}

import type { LeafPath } from "../../column/documents/json-path"
import { namedPart, pathAskedFor, type Step } from "../../column/documents/named-parts"
import { documentOf } from "./document-conditions"
import { isKeyword, isSymbol } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"

/** What SQL takes out of a document. */
export interface DocumentAccess {
  /** The part of the document that it is about. */
  readonly steps: readonly Step[]
  /** The tokens of all of it, from the first to before the last. */
  readonly start: number
  readonly end: number
}

/** The tokens of a column, from the first to before the last. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Returns the value of a parameter. */
type ParameterValue = (token: SqlToken) => unknown

/** Functions whose second argument is a JSON path, and those whose further ones are keys. */
const BY_PATH = ["JSON_EXTRACT", "JSON_VALUE", "JSON_QUERY", "JSON_TYPE", "JSON_LENGTH"]
const BY_KEYS = [
  ...["JSON_EXTRACT_PATH", "JSON_EXTRACT_PATH_TEXT"],
  ...["JSONB_EXTRACT_PATH", "JSONB_EXTRACT_PATH_TEXT"],
]

/** Reads what SQL takes out of the document of a column: all of it, if nothing says otherwise. */
export function documentAccess(
  tokens: readonly SqlToken[],
  { start, end }: Span,
  valueOf: ParameterValue,
): DocumentAccess {
  const call = callAround(tokens, { start, end }, valueOf)
  let access = call ?? { steps: [], start, end: afterCast(tokens, end) }
  for (;;) {
    const next = stepAfter(tokens, access, valueOf)
    if (!next) return access
    access = next
  }
}

/**
 * Returns the path to what is encrypted that SQL asks for, or for something around it; `"whole"` if it
 * takes nothing out of the document; `undefined` if all it asks for is in plaintext.
 */
export function encryptedPartOf(
  tokens: readonly SqlToken[],
  { steps, end }: DocumentAccess,
  paths: readonly LeafPath[],
  valueOf: ParameterValue,
): LeafPath | "whole" | undefined {
  const part = namedPart(steps, paths)
  // Which keys there are is in plaintext
  if (part.is === "plain" || isSymbol(tokens[end], "?", "?|", "?&")) return undefined
  const pattern = tokens[end + 1]
  const isContained = isSymbol(tokens[end], "@>") && pattern?.kind === "parameter"
  const value = isContained ? valueOf(pattern) : undefined
  if (part.is === "container" && value !== undefined) {
    return pathAskedFor(typeof value === "string" ? documentOf(value) : value, paths, steps)
  }
  return steps.length === 0 && !isContained ? "whole" : part.path
}

/** As in `json_extract(path, '$.kind')`. */
function callAround(
  tokens: readonly SqlToken[],
  { start, end }: Span,
  valueOf: ParameterValue,
): DocumentAccess | undefined {
  const name = tokens[start - 2]?.text.toUpperCase() ?? ""
  const isCall = isSymbol(tokens[start - 1], "(") && tokens[start - 2]?.kind === "word"
  const byPath = BY_PATH.includes(name)
  if (!isCall || !(byPath || BY_KEYS.includes(name))) return undefined
  let at = afterCast(tokens, end)
  const values: unknown[] = []
  while (isSymbol(tokens[at], ",")) {
    const given = valueAt(tokens, at + 1, valueOf)
    values.push(given?.value)
    at = given?.end ?? at + 2
  }
  if (!isSymbol(tokens[at], ")")) return undefined
  const [path, ...others] = values
  // Of several paths, one may lead anywhere
  const byOne = others.length === 0 ? stepsOfJsonPath(String(path)) : [undefined]
  const steps = byPath ? byOne : values.map(textOf)
  return { steps, start: start - 2, end: afterCast(tokens, at + 1) }
}

/** As in `path -> 'headers'`, `path #>> '{headers,Accept}'` or `path['headers']`. */
function stepAfter(
  tokens: readonly SqlToken[],
  { steps, start, end }: DocumentAccess,
  valueOf: ParameterValue,
): DocumentAccess | undefined {
  // Parentheses around what is taken out
  if (isSymbol(tokens[start - 1], "(") && isSymbol(tokens[end], ")") && !isCalled(tokens, start)) {
    return { steps, start: start - 1, end: afterCast(tokens, end + 1) }
  }
  const operator = tokens[end]
  if (isSymbol(operator, "[")) {
    const given = valueAt(tokens, end + 1, valueOf)
    if (!given || !isSymbol(tokens[given.end], "]")) return undefined
    return { steps: [...steps, textOf(given.value)], start, end: given.end + 1 }
  }
  const isDeep = isSymbol(operator, "#>", "#>>")
  if (!isDeep && !isSymbol(operator, "->", "->>")) return undefined
  const given = valueAt(tokens, end + 1, valueOf)
  if (!given) return { steps: [...steps, undefined], start, end: end + 2 }
  const further = isDeep ? stepsOfArray(given.value) : stepsOfArrow(given.value)
  return { steps: [...steps, ...further], start, end: given.end }
}

/** Whether the parentheses before a token are those of a function. */
function isCalled(tokens: readonly SqlToken[], start: number): boolean {
  const before = tokens[start - 2]
  if (before === undefined || before.kind === "symbol") return false
  return !isKeyword(before, "AND", "OR", "NOT", "WHERE", "ON", "HAVING", "SELECT", "BY", "WHEN")
}

/** What follows a cast, as `::jsonb` is one. */
function afterCast(tokens: readonly SqlToken[], end: number): number {
  const isCast = isSymbol(tokens[end], "::") && isKeyword(tokens[end + 1], "JSON", "JSONB")
  return isCast ? afterCast(tokens, end + 2) : end
}

/** A literal or a parameter, and where it ends with its cast. */
function valueAt(
  tokens: readonly SqlToken[],
  at: number,
  valueOf: ParameterValue,
): { readonly value: unknown; readonly end: number } | undefined {
  const sign = isSymbol(tokens[at], "-") ? 1 : 0
  const token = tokens[at + sign]
  if (token?.kind !== "literal" && token?.kind !== "parameter") return undefined
  const value =
    token.kind === "parameter" ? valueOf(token) : sign === 1 ? undefined : literalOf(token)
  const end = at + sign + 1
  const isCast = isSymbol(tokens[end], "::") && tokens[end + 1]?.kind === "word"
  const isList = isSymbol(tokens[end + 2], "[") && isSymbol(tokens[end + 3], "]")
  return { value, end: isCast ? end + (isList ? 4 : 2) : end }
}

/** `undefined` for a literal that may be another value than it seems. */
function literalOf({ text }: SqlToken): unknown {
  if (/^\d+$/.test(text)) return Number(text)
  return /^'(?:[^'\\]|'')*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : undefined
}

function textOf(value: unknown): Step {
  if (typeof value === "string") return value
  // From the end of an array
  return typeof value === "number" && value >= 0 ? String(value) : undefined
}

/** A key, or a path as MySQL and SQLite have it. */
function stepsOfArrow(value: unknown): readonly Step[] {
  return typeof value === "string" && value.startsWith("$")
    ? stepsOfJsonPath(value)
    : [textOf(value)]
}

/** As in `{headers,"x y",0}`, or a list of them. */
function stepsOfArray(value: unknown): readonly Step[] {
  if (Array.isArray(value)) return value.map(textOf)
  const [, inner] = /^\{([^"\\{}]*)\}$/.exec(typeof value === "string" ? value : "") ?? []
  if (inner === undefined) return [undefined]
  return inner === ""
    ? []
    : inner.split(",").map((step) => (/^\s*-/.test(step) ? undefined : step.trim()))
}

const JSON_PATH_STEP = /\.([\p{L}\p{N}_$]+)|\."([^"\\]*)"|\[(\d+)\]/uy

/** As in `$.headers."x y"[0]`; what is more than that leads anywhere. */
function stepsOfJsonPath(path: string): readonly Step[] {
  const steps: Step[] = []
  if (!path.startsWith("$")) return [undefined]
  let at = 1
  while (at < path.length) {
    JSON_PATH_STEP.lastIndex = at
    const match = JSON_PATH_STEP.exec(path)
    if (!match) return [...steps, undefined]
    steps.push(match[1] ?? match[2] ?? match[3])
    at = JSON_PATH_STEP.lastIndex
  }
  return steps
}

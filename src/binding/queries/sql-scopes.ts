import type { SqlToken } from "./sql-tokens"

/** The part of a statement that a token is in. */
export type SqlClause =
  | "condition"
  | "from"
  | "group"
  | "having"
  | "order"
  /** What neither chooses nor orders rows, as LIMIT, RETURNING or the values of an INSERT. */
  | "other"
  | "select"
  | "set"

/** One SELECT, or what stands in one pair of parentheses. */
export interface SqlScope {
  readonly parent: SqlScope | undefined
  /** The index of the token it opens with. */
  readonly start: number
  /** The function whose arguments these are, in upper case. */
  readonly call: string | undefined
  /** Whether it is a SELECT, and not a list or an expression. */
  isSelect: boolean
  isDistinct: boolean
  /** What its FROM and JOINs call the tables, and what they are: a name or a scope. */
  readonly tables: Map<string, SqlTable>
  /** The tokens of each item it selects, orders or groups by. */
  readonly items: Record<"group" | "order" | "select", SqlItem[]>
}

/** A table as a FROM names it: the last part of its name, or the SELECT that makes it. */
export type SqlTable = SqlScope | string

/** The tokens of one item of a list, from the first to before the last. */
export interface SqlItem {
  readonly start: number
  end: number
}

/** Where each token of a statement stands. */
export interface SqlPlace {
  readonly scope: SqlScope
  readonly clause: SqlClause
}

/** Whether a token is a keyword. */
export function isKeyword(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.text.toUpperCase())
}

/** Whether a token is a symbol. */
export function isSymbol(token: SqlToken | undefined, ...symbols: readonly string[]): boolean {
  return token?.kind === "symbol" && symbols.includes(token.text)
}

const CLAUSES: Readonly<Record<string, SqlClause>> = {
  CONFLICT: "other",
  DUPLICATE: "set",
  EXCEPT: "other",
  FETCH: "other",
  FOR: "other",
  FROM: "from",
  GROUP: "group",
  HAVING: "having",
  INTERSECT: "other",
  JOIN: "from",
  LIMIT: "other",
  OFFSET: "other",
  ON: "condition",
  ORDER: "order",
  PARTITION: "group",
  RETURNING: "other",
  SELECT: "select",
  SET: "set",
  UNION: "other",
  USING: "other",
  VALUES: "other",
  WHERE: "condition",
}

/** Those that also begin a part of what stands in the parentheses of a function or a window. */
const INNER: readonly string[] = ["GROUP", "ORDER", "PARTITION", "WHERE"]

/** Tells the parts of a statement from each other, as far as is needed to tell what a name is for. */
export function placesOf(tokens: readonly SqlToken[]): readonly SqlPlace[] {
  let scope = newScope(undefined, -1, undefined)
  let clause: SqlClause = "other"
  const outer: (readonly [SqlScope, SqlClause])[] = []
  return tokens.map((token, i) => {
    const before = tokens[i - 1]
    if (isSymbol(token, "(")) {
      const place = { scope, clause }
      addToItem(scope, clause, i)
      outer.push([scope, clause])
      scope = newScope(scope, i, calledAt(tokens, i))
      return place
    }
    if (isSymbol(token, ")")) {
      const closed = scope
      ;[scope, clause] = outer.pop() ?? [scope, clause]
      addToItem(scope, clause, i)
      // DISTINCT ON (…) is followed by the first item
      if (closed.call === "ON" && clause === "select") beginItem(scope, clause, i + 1)
      if (clause === "from" && closed.isSelect) addTable(scope, tokens, i, closed)
      return { scope, clause }
    }
    const next = isSymbol(before, ".") ? undefined : clauseAt(token, scope, tokens, i)
    if (next) {
      clause = next
      if (isKeyword(token, "SELECT")) {
        scope.isSelect = true
        scope.isDistinct = isKeyword(tokens[i + 1], "DISTINCT") && !isKeyword(tokens[i + 2], "ON")
        beginItem(scope, clause, i + 1)
      }
      return { scope, clause: "other" }
    }
    if (clause === "from") readTable(scope, tokens, i)
    if (isSymbol(token, ",")) beginItem(scope, clause, i + 1)
    else if (isKeyword(token, "BY", "DISTINCT", "ALL")) beginItem(scope, clause, i + 1)
    else addToItem(scope, clause, i)
    return { scope, clause }
  })
}

function newScope(parent: SqlScope | undefined, start: number, call: string | undefined): SqlScope {
  const items = { group: [], order: [], select: [] }
  return { parent, start, call, isSelect: false, isDistinct: false, tables: new Map(), items }
}

function calledAt(tokens: readonly SqlToken[], open: number): string | undefined {
  const before = tokens[open - 1]
  return before?.kind === "word" ? before.text.toUpperCase() : undefined
}

function clauseAt(
  token: SqlToken,
  scope: SqlScope,
  tokens: readonly SqlToken[],
  i: number,
): SqlClause | undefined {
  if (token.kind !== "word") return undefined
  const word = token.text.toUpperCase()
  if (!Object.hasOwn(CLAUSES, word)) return undefined
  // Of a function, as in TRIM(BOTH FROM …), or a SELECT's own
  const isOwn = scope.parent === undefined || scope.isSelect || word === "SELECT"
  if (!isOwn && !INNER.includes(word)) return undefined
  // DISTINCT ON (…), ON CONFLICT, ON DUPLICATE KEY
  if (word === "ON" && isKeyword(tokens[i - 1], "DISTINCT")) return undefined
  // IS DISTINCT FROM, FOR UPDATE OF … SET
  if (word === "FROM" && isKeyword(tokens[i - 1], "DISTINCT")) return undefined
  return CLAUSES[word]
}

/** Reads the name and alias that end at a token of a FROM. */
function readTable(scope: SqlScope, tokens: readonly SqlToken[], i: number): void {
  const token = tokens[i]
  if (!token || !isName(token) || isSymbol(tokens[i + 1], ".")) return
  const before = tokens[i - 1]
  const begins =
    isKeyword(before, "FROM", "JOIN", "ONLY", "LATERAL") || isSymbol(before, ",", "(", ".")
  if (begins) addTable(scope, tokens, i, token.text)
}

function addTable(
  scope: SqlScope,
  tokens: readonly SqlToken[],
  end: number,
  table: SqlTable,
): void {
  const next = isKeyword(tokens[end + 1], "AS") ? tokens[end + 2] : tokens[end + 1]
  const isAlias = next !== undefined && isName(next) && !isTableKeyword(next)
  const alias = isAlias ? next.text : table
  if (typeof alias === "string") scope.tables.set(alias.toLowerCase(), table)
}

function isName({ kind }: SqlToken): boolean {
  return kind === "word" || kind === "name"
}

function isTableKeyword(token: SqlToken): boolean {
  return (
    isKeyword(token, ...Object.keys(CLAUSES)) ||
    isKeyword(
      token,
      "LEFT",
      "RIGHT",
      "FULL",
      "INNER",
      "CROSS",
      "NATURAL",
      "OUTER",
      "USE",
      "FORCE",
    ) ||
    isKeyword(token, "LATERAL", "ONLY", "WINDOW", "TABLESAMPLE")
  )
}

type Listed = keyof SqlScope["items"]

function isListed(clause: SqlClause): clause is Listed {
  return clause === "select" || clause === "order" || clause === "group"
}

function addToItem({ items }: SqlScope, clause: SqlClause, i: number): void {
  if (!isListed(clause)) return
  const last = items[clause].at(-1)
  if (last) last.end = i + 1
  else items[clause].push({ start: i, end: i + 1 })
}

function beginItem({ items }: SqlScope, clause: SqlClause, start: number): void {
  if (isListed(clause)) items[clause].push({ start, end: start })
}

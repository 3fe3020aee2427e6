import type { SqlToken } from "./sql-tokens"

/** The part of a statement that a token is in. */
export type SqlClause =
  | "condition"
  | "from"
  | "group"
  | "having"
  | "order"
  /** What neither chooses nor orders rows, as LIMIT or the columns of an INSERT. */
  | "other"
  | "returning"
  | "select"
  /** What a column becomes. */
  | "set"
  /** The column that becomes it, and the sign between the two. */
  | "target"
  /** The rows of an INSERT. */
  | "values"

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
  /** Whether its own items are returned, and not only what stands in one of them. */
  isReturning: boolean
  /** What its FROM and JOINs call the tables, and what they are. */
  readonly tables: Map<string, SqlTable>
  /** What its WITH calls the tables that it makes. */
  readonly common: Map<string, DerivedTable>
  /** The tokens of each item it selects, returns, orders or groups by. */
  readonly items: Record<"group" | "order" | "returning" | "select", SqlItem[]>
}

/** A table that a SELECT makes. */
export interface DerivedTable {
  readonly scope: SqlScope
  /** What its columns are called, where that is given with its name. */
  readonly names: readonly string[]
}

/** A table as a FROM names it: the last part of its name, or the SELECT that makes it. */
export type SqlTable = DerivedTable | string

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

/** Where the parentheses close that open at a token. */
export function closeOf(tokens: readonly SqlToken[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (isSymbol(tokens[i], "(")) depth++
    if (isSymbol(tokens[i], ")") && --depth === 0) return i
  }
  return tokens.length
}

const CLAUSES: Readonly<Record<string, SqlClause>> = {
  CONFLICT: "other",
  DUPLICATE: "other",
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
  RETURNING: "returning",
  SELECT: "select",
  SET: "target",
  UNION: "other",
  UPDATE: "target",
  USING: "other",
  VALUES: "values",
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
      if (closed.isSelect) addDerived(scope, clause, tokens, { closed, end: i })
      return { scope, clause }
    }
    const next = isSymbol(before, ".") ? undefined : clauseAt(tokens, i, scope, clause)
    if (next) {
      clause = next
      if (isKeyword(token, "SELECT")) {
        scope.isSelect = true
        scope.isDistinct = isKeyword(tokens[i + 1], "DISTINCT") && !isKeyword(tokens[i + 2], "ON")
        beginItem(scope, clause, i + 1)
      }
      if (isKeyword(token, "RETURNING")) {
        scope.isReturning = true
        beginItem(scope, clause, i + 1)
      }
      return { scope, clause: "other" }
    }
    if (isOwnClause(scope)) {
      if (clause === "target" && isSymbol(token, "=")) {
        clause = "set"
        return { scope, clause: "target" }
      }
      if (clause === "set" && isSymbol(token, ",")) clause = "target"
      // The next table, after the condition of a join
      if (clause === "condition" && isSymbol(token, ",")) clause = "from"
    }
    if (clause === "from") readTable(scope, tokens, i)
    if (isSymbol(token, ",")) beginItem(scope, clause, i + 1)
    else if (isKeyword(token, "BY", "DISTINCT", "ALL")) beginItem(scope, clause, i + 1)
    else addToItem(scope, clause, i)
    return { scope, clause }
  })
}

function newScope(parent: SqlScope | undefined, start: number, call: string | undefined): SqlScope {
  const items = { group: [], order: [], returning: [], select: [] }
  const named = { tables: new Map(), common: new Map() }
  const isSo = { isSelect: false, isDistinct: false, isReturning: false }
  return { parent, start, call, ...isSo, ...named, items }
}

function calledAt(tokens: readonly SqlToken[], open: number): string | undefined {
  const before = tokens[open - 1]
  return before?.kind === "word" ? before.text.toUpperCase() : undefined
}

/** Whether clauses in a scope are those of a statement, and not of a function or a window. */
function isOwnClause({ parent, isSelect }: SqlScope): boolean {
  return parent === undefined || isSelect
}

function clauseAt(
  tokens: readonly SqlToken[],
  i: number,
  scope: SqlScope,
  current: SqlClause,
): SqlClause | undefined {
  const token = tokens[i]
  if (token?.kind !== "word") return undefined
  const word = token.text.toUpperCase()
  if (!Object.hasOwn(CLAUSES, word)) return undefined
  // Of a function, as in TRIM(BOTH FROM …), or a SELECT's own
  const isOwn = isOwnClause(scope) || word === "SELECT"
  if (!isOwn && !INNER.includes(word)) return undefined
  // DISTINCT ON (…), ON CONFLICT, ON DUPLICATE KEY
  if (word === "ON" && isKeyword(tokens[i - 1], "DISTINCT")) return undefined
  // IS DISTINCT FROM, FOR UPDATE OF … SET
  if (word === "FROM" && isKeyword(tokens[i - 1], "DISTINCT")) return undefined
  // ON DUPLICATE KEY UPDATE, and not the statement, nor FOR UPDATE
  if (word === "UPDATE" && !isKeyword(tokens[i - 1], "KEY")) return undefined
  // As MySQL calls the row that an upsert did not insert
  if (word === "VALUES" && current === "set") return undefined
  // Columns that two tables are joined by
  if (word === "USING" && isSymbol(tokens[i + 1], "(")) return "condition"
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

function addTable(scope: SqlScope, tokens: readonly SqlToken[], end: number, table: string): void {
  scope.tables.set((aliasAfter(tokens, end)?.text ?? table).toLowerCase(), table)
}

/** What a table is called, after the token that it ends with. */
function aliasAfter(tokens: readonly SqlToken[], end: number): SqlToken | undefined {
  const next = tokens[aliasAt(tokens, end)]
  return next && isName(next) && !isTableKeyword(next) ? next : undefined
}

function aliasAt(tokens: readonly SqlToken[], end: number): number {
  return isKeyword(tokens[end + 1], "AS") ? end + 2 : end + 1
}

/** A SELECT in parentheses that has ended. */
interface Closed {
  readonly closed: SqlScope
  readonly end: number
}

/** Takes note of a SELECT that is a table, of a FROM or of a WITH. */
function addDerived(
  scope: SqlScope,
  clause: SqlClause,
  tokens: readonly SqlToken[],
  { closed, end }: Closed,
): void {
  if (clause === "from") {
    const alias = aliasAfter(tokens, end)
    const names = namesIn(tokens, aliasAt(tokens, end) + 1)
    // Without a name, under one that no other has
    const name = alias?.text.toLowerCase() ?? `(${closed.start}`
    scope.tables.set(name, { scope: closed, names })
    return
  }
  let at = closed.start - 1
  // As in WITH name (columns) AS NOT MATERIALIZED (SELECT …)
  if (isKeyword(tokens[at], "MATERIALIZED")) at--
  if (isKeyword(tokens[at], "NOT")) at--
  if (!isKeyword(tokens[at], "AS")) return
  at--
  if (isSymbol(tokens[at], ")")) while (at > 0 && !isSymbol(tokens[at], "(")) at--
  const names = namesIn(tokens, at)
  const name = tokens[names.length > 0 ? at - 1 : at]
  if (name && isName(name)) scope.common.set(name.text.toLowerCase(), { scope: closed, names })
}

/** The names in the parentheses that open at a token, if that opens any. */
function namesIn(tokens: readonly SqlToken[], open: number): readonly string[] {
  const names: string[] = []
  if (!isSymbol(tokens[open], "(")) return names
  for (let at = open + 1; at < tokens.length && !isSymbol(tokens[at], ")"); at++) {
    const token = tokens[at]
    if (token && isName(token)) names.push(token.text.toLowerCase())
  }
  return names
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
  return clause === "select" || clause === "returning" || clause === "order" || clause === "group"
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

import type { DataSource, EntityMetadata } from "typeorm"

import { type BoundColumn, boundColumn } from "../columns/bound-column"
import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import {
  closeOf,
  type DerivedTable,
  isKeyword,
  isSymbol,
  type SqlItem,
  type SqlPlace,
  type SqlScope,
  type SqlTable,
} from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"

/** An encrypted column that the SQL of a query names. */
export interface Mention {
  readonly metadata: EntityMetadata
  readonly column: ColumnMetadata
  readonly bound: BoundColumn
  /** What stands before the column's name, as the query builder knows it; empty if nothing does. */
  readonly alias: string
  /** The first token, and the one after the last. */
  readonly start: number
  readonly end: number
  readonly place: SqlPlace
  /** Whether it is a column of a SELECT inside, which yields the cell. */
  readonly isDerived: boolean
}

/** What a statement is read against. */
export interface Reading {
  readonly dataSource: DataSource
  readonly map: ExpressionMap
  readonly tokens: readonly SqlToken[]
  readonly places: readonly SqlPlace[]
}

/** Returns the encrypted columns that a statement names, in whatever spelling. */
export function mentionsIn(reading: Reading): readonly Mention[] {
  const { tokens } = reading
  const mentions: Mention[] = []
  for (let i = 0; i < tokens.length; i++) {
    const end = endOfPath(tokens, i) ?? endOfRowPath(tokens, i)
    if (end === undefined) continue
    const mention = end === i + 1 ? bareAt(reading, i) : qualifiedAt(reading, i, end)
    if (mention) mentions.push(mention)
    i = end - 1
  }
  return mentions
}

function isName(token: SqlToken | undefined): token is SqlToken {
  return token?.kind === "word" || token?.kind === "name"
}

/** Where a name, or names with dots between them, end. */
function endOfPath(tokens: readonly SqlToken[], start: number): number | undefined {
  if (!isName(tokens[start]) || isSymbol(tokens[start - 1], ".")) return undefined
  let end = start + 1
  while (isSymbol(tokens[end], ".") && isName(tokens[end + 1])) end += 2
  return end
}

/** Where a path ends that begins with a row in parentheses, as PostgreSQL takes `(alias).column`. */
function endOfRowPath(tokens: readonly SqlToken[], start: number): number | undefined {
  let row = start
  while (isSymbol(tokens[row], "(")) row++
  if (row === start || !isName(tokens[row])) return undefined
  let end = row + 1
  while (isSymbol(tokens[end], ")") && end - row <= row - start) end++
  if (end - row <= row - start || !isSymbol(tokens[end], ".")) return undefined
  while (isSymbol(tokens[end], ".") && isName(tokens[end + 1])) end += 2
  return end
}

function qualifiedAt(
  reading: Reading,
  start: number,
  end: number,
  visited: Visited = [],
): Mention | undefined {
  const { tokens, places } = reading
  const place = places[start]
  if (!place) return undefined
  const names = tokens.slice(start, end).filter(isName)
  // As schema.table.column has it
  for (let qualifiers = 1; qualifiers < names.length; qualifiers++) {
    const qualifier = names[qualifiers - 1]
    const path = names
      .slice(qualifiers)
      .map(({ text }) => text)
      .join(".")
    const table = qualifier && tableCalled(reading, place.scope, qualifier.text)
    if (!table) continue
    const cell =
      "metadata" in table ? cellIn(table, path) : derivedCell(reading, table, path, visited)
    if (cell) return { ...cell, alias: table.alias, start, end, place }
  }
  return undefined
}

/** What an upsert calls the row that it did not insert. */
export const EXCLUDED = "excluded"

/** A table that is read, and what the query calls it. */
export type ReadTable = (DerivedTable | { readonly metadata: EntityMetadata }) & {
  readonly alias: string
}

/** An encrypted column, wherever it is named. */
type Cell = Pick<Mention, "bound" | "column" | "isDerived" | "metadata">

/** SELECTs that are being looked through: one may be made of itself. */
type Visited = readonly SqlScope[]

function cellIn(
  { metadata }: { readonly metadata: EntityMetadata },
  path: string,
): Cell | undefined {
  const column = columnNamed(metadata, path)
  const bound = column && boundColumn(column)
  return column && bound && { metadata, column, bound, isDerived: false }
}

/** What a name before a dot stands for: a table of an inner SELECT first, then an alias of the builder. */
export function tableCalled(
  reading: Reading,
  scope: SqlScope,
  name: string,
): ReadTable | undefined {
  const { aliases, mainAlias, queryType } = reading.map
  const folded = name.toLowerCase()
  for (let inner = scope; inner.parent; inner = inner.parent) {
    const table = inner.tables.get(folded)
    if (table !== undefined) return tableOf(reading, inner, table, name)
  }
  const alias =
    aliases.find((one) => one.name === name) ??
    aliases.find((one) => one.name.toLowerCase() === folded)
  if (alias?.hasMetadata) return { metadata: alias.metadata, alias: alias.name }
  const outermost = outermostOf(scope)
  const table = outermost.tables.get(folded)
  if (table !== undefined) return tableOf(reading, outermost, table, name)
  // UPDATE and DELETE have no alias, and the table's own name stands for it
  if (queryType === "select" || !mainAlias?.hasMetadata) return undefined
  const { metadata } = mainAlias
  if (queryType === "insert" && folded === EXCLUDED) return { metadata, alias: EXCLUDED }
  return metadata.tableName.toLowerCase() === folded ? { metadata, alias: name } : undefined
}

function outermostOf(scope: SqlScope): SqlScope {
  return scope.parent ? outermostOf(scope.parent) : scope
}

/** What a FROM names, in a scope: what a WITH makes, or the table of an entity. */
function tableOf(
  { dataSource }: Reading,
  scope: SqlScope,
  table: SqlTable,
  alias: string,
): ReadTable | undefined {
  if (typeof table !== "string") return { ...table, alias }
  const folded = table.toLowerCase()
  for (let outer: SqlScope | undefined = scope; outer; outer = outer.parent) {
    const common = outer.common.get(folded)
    if (common) return { ...common, alias }
  }
  const metadata = dataSource.entityMetadatas.find(
    ({ tableName }) => tableName.toLowerCase() === folded,
  )
  return metadata && { metadata, alias }
}

/** The encrypted column that a SELECT yields as it is, under a name. */
function derivedCell(
  reading: Reading,
  { scope, names }: DerivedTable,
  name: string,
  visited: Visited,
): Cell | undefined {
  if (visited.includes(scope)) return undefined
  const [within, folded] = [[...visited, scope], name.toLowerCase()]
  const items = scope.items.select.filter(({ start, end }) => end > start)
  for (const [i, item] of items.entries()) {
    const last = reading.tokens[item.end - 1]
    const cell = isSymbol(last, "*")
      ? cellOfAll(reading, scope, item, { name, within })
      : (names[i % names.length] ?? last?.text.toLowerCase()) === folded
        ? itemCell(reading, item, within)
        : undefined
    if (cell) return { ...cell, isDerived: true }
  }
  return undefined
}

/** Of `*`, or of `table.*`. */
function cellOfAll(
  reading: Reading,
  scope: SqlScope,
  item: SqlItem,
  { name, within }: { readonly name: string; readonly within: Visited },
): Cell | undefined {
  const [qualifier] = reading.tokens.slice(item.start, item.end - 1)
  for (const [alias, table] of scope.tables) {
    if (qualifier && qualifier.text.toLowerCase() !== alias) continue
    const read = tableOf(reading, scope, table, alias)
    const cell =
      read && ("metadata" in read ? cellIn(read, name) : derivedCell(reading, read, name, within))
    if (cell) return cell
  }
  return undefined
}

/** Of a column by itself, or of a SELECT that yields one, with or without an alias. */
function itemCell(reading: Reading, { start, end }: SqlItem, within: Visited): Cell | undefined {
  const { tokens } = reading
  const inner = selectAt(reading, start)
  const pathEnd = inner
    ? closeOf(tokens, start) + 1
    : (endOfPath(tokens, start) ?? endOfRowPath(tokens, start))
  if (pathEnd === undefined) return undefined
  const rest = end - pathEnd
  if (rest > 1 && !(rest === 2 && isKeyword(tokens[pathEnd], "AS"))) return undefined
  if (inner) {
    const item = inner.items.select.find((one) => one.end > one.start)
    return item && !within.includes(inner) ? itemCell(reading, item, [...within, inner]) : undefined
  }
  return pathEnd === start + 1
    ? bareAt(reading, start, within)
    : qualifiedAt(reading, start, pathEnd, within)
}

/** The SELECT in the parentheses that open at a token. */
function selectAt({ tokens, places }: Reading, open: number): SqlScope | undefined {
  const scope = isSymbol(tokens[open], "(") ? places[open + 1]?.scope : undefined
  return scope?.isSelect && scope.start === open ? scope : undefined
}

/** TypeORM takes a path, a property's name and a column's, and databases ignore the case of the last. */
export function columnNamed({ columns }: EntityMetadata, path: string): ColumnMetadata | undefined {
  const folded = path.toLowerCase()
  return (
    columns.find(({ propertyPath }) => propertyPath === path) ??
    // Of two in embedded entities, the one TypeORM takes
    columns.filter(({ propertyName }) => propertyName === path).at(-1) ??
    columns.find(({ databaseName }) => databaseName.toLowerCase() === folded)
  )
}

/** A name by itself: of a column, unless its place or an alias says otherwise. */
function bareAt(reading: Reading, at: number, visited: Visited = []): Mention | undefined {
  const { tokens, places } = reading
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  const place = places[at]
  if (!token || !place) return undefined
  if (isKeyword(before, "AS", "NULLS") || isSymbol(before, "::", ".")) return undefined
  if (next?.kind === "literal" || (token.kind === "word" && isSymbol(next, "("))) return undefined
  if (place.clause === "from" || place.clause === "other") return undefined
  // The alias of an item, where it is given and where it is used
  const isSelected = place.clause === "select" || place.clause === "returning"
  const isOther = isSelected ? isAliasOfItem(tokens, place, at) : isAlias(reading, place, token)
  if (isOther && isSelected) return undefined
  const owned = isOther ? undefined : ownedBy(reading, place.scope, token.text, visited)
  const cell = owned || isSelected ? owned?.cell : aliasedCell(reading, place, token.text, visited)
  return cell && { ...cell, alias: "", start: at, end: at + 1, place }
}

/** The cell that an item of a SELECT yields, where another clause of it goes by the item's alias. */
function aliasedCell(
  reading: Reading,
  { scope }: SqlPlace,
  name: string,
  visited: Visited,
): Cell | undefined {
  let own = scope
  while (!own.isSelect && own.parent) own = own.parent
  return derivedCell(reading, { scope: own, names: [] }, name, visited)
}

/** What a name by itself is, where tables have it: of the innermost SELECT whose tables do. */
function ownedBy(
  reading: Reading,
  scope: SqlScope,
  name: string,
  visited: Visited,
): { readonly cell: Cell | undefined } | undefined {
  for (let inner: SqlScope | undefined = scope; inner; inner = inner.parent) {
    const tables = tablesIn(reading, inner)
    const derived = tables.flatMap((table) =>
      "metadata" in table ? [] : (derivedCell(reading, table, name, visited) ?? []),
    )
    const owners = tables.flatMap((table) =>
      "metadata" in table && columnNamed(table.metadata, name) ? [table] : [],
    )
    const [owner, ...others] = owners
    if (!owner) {
      if (derived[0]) return { cell: derived[0] }
      continue
    }
    // Of two tables, the database has to be told which, unless they are joined by it
    const isClear = others.length === 0 || scope.call === "USING"
    return { cell: isClear ? cellIn(owner, name) : undefined }
  }
  return undefined
}

/** The tables of a SELECT, those of the builder if it is its own. */
export function tablesIn(reading: Reading, scope: SqlScope): readonly ReadTable[] {
  const { aliases, mainAlias, queryType } = reading.map
  const read = [...scope.tables].flatMap(
    ([alias, table]) => tableOf(reading, scope, table, alias) ?? [],
  )
  if (scope.parent) return read
  // UPDATE and DELETE name their table, and nothing else
  const all = queryType === "select" ? aliases : mainAlias ? [mainAlias] : []
  const known = all.flatMap((alias) =>
    alias.hasMetadata ? [{ metadata: alias.metadata, alias: alias.name }] : [],
  )
  if (queryType !== "select") return known
  const names = new Set(known.map(({ alias }) => alias.toLowerCase()))
  return [...known, ...read.filter(({ alias }) => !names.has(alias))]
}

function isAlias({ tokens }: Reading, { clause, scope }: SqlPlace, name: SqlToken): boolean {
  if (clause === "condition") return false
  return scope.items.select.some(({ start, end }) => {
    const last = tokens[end - 1]
    const isGiven = end - start > 1 && !isSymbol(tokens[end - 2], ".") && isOperand(tokens[end - 2])
    return isGiven && last?.text.toLowerCase() === name.text.toLowerCase()
  })
}

/** Whether a name only says what an item is called. */
export function isAliasOfItem(tokens: readonly SqlToken[], place: SqlPlace, at: number): boolean {
  const isItem = place.clause === "select" || place.clause === "returning"
  return isItem && isOperand(tokens[at - 1]) && !beginsItem(place, at)
}

/** Whether an item begins at a token, as behind SELECT, DISTINCT, RETURNING or a comma. */
function beginsItem({ scope: { items } }: SqlPlace, at: number): boolean {
  return [...items.select, ...items.returning].some(({ start }) => start === at)
}

/** Whether what comes before ends an expression, so that a name can only be its alias. */
function isOperand(token: SqlToken | undefined): boolean {
  if (token === undefined) return false
  if (token.kind === "word") return isKeyword(token, "AS") || !isKeyword(token, ...OPERATORS)
  return token.kind !== "symbol" || isSymbol(token, ")", "]")
}

const OPERATORS = [
  "AND",
  "BETWEEN",
  "CASE",
  "ELSE",
  "IN",
  "IS",
  "LIKE",
  "NOT",
  "OR",
  "THEN",
  "WHEN",
]

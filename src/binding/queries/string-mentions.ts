import type { DataSource, EntityMetadata } from "typeorm"

import { type BoundColumn, boundColumn } from "../columns/bound-column"
import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import { isKeyword, isSymbol, type SqlPlace, type SqlScope } from "./sql-scopes"
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
    const end = endOfPath(tokens, i)
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

function qualifiedAt(reading: Reading, start: number, end: number): Mention | undefined {
  const { tokens, places, map, dataSource } = reading
  const place = places[start]
  const first = tokens[start]
  if (!place || !first) return undefined
  const names = tokens.slice(start, end).filter(isName)
  // As schema.table.column has it
  for (let qualifiers = 1; qualifiers < names.length; qualifiers++) {
    const qualifier = names[qualifiers - 1]
    const path = names
      .slice(qualifiers)
      .map(({ text }) => text)
      .join(".")
    if (!qualifier) continue
    const owner = ownerOf(dataSource, map, place.scope, qualifier.text)
    const column = owner && columnNamed(owner.metadata, path)
    const bound = column && boundColumn(column)
    if (owner && bound) return { ...owner, column, bound, start, end, place }
  }
  return undefined
}

interface Owner {
  readonly metadata: EntityMetadata
  readonly alias: string
}

/** What a name before a dot stands for: a table of an inner SELECT first, then an alias of the builder. */
function ownerOf(
  dataSource: DataSource,
  { aliases, mainAlias, queryType }: ExpressionMap,
  scope: SqlScope,
  name: string,
): Owner | undefined {
  const folded = name.toLowerCase()
  for (let inner = scope; inner.parent; inner = inner.parent) {
    const table = inner.tables.get(folded)
    if (table === undefined) continue
    const metadata = typeof table === "string" ? entityOf(dataSource, table) : undefined
    return metadata && { metadata, alias: name }
  }
  const alias =
    aliases.find((one) => one.name === name) ??
    aliases.find((one) => one.name.toLowerCase() === folded)
  if (alias) return alias.hasMetadata ? { metadata: alias.metadata, alias: alias.name } : undefined
  // UPDATE and DELETE have no alias, and the table's own name stands for it
  if (queryType === "select" || !mainAlias?.hasMetadata) return undefined
  const { metadata } = mainAlias
  return metadata.tableName.toLowerCase() === folded ? { metadata, alias: name } : undefined
}

function entityOf({ entityMetadatas }: DataSource, table: string): EntityMetadata | undefined {
  const folded = table.toLowerCase()
  return entityMetadatas.find(({ tableName }) => tableName.toLowerCase() === folded)
}

/** TypeORM takes a path, a property's name and a column's, and databases ignore the case of the last. */
function columnNamed({ columns }: EntityMetadata, path: string): ColumnMetadata | undefined {
  const folded = path.toLowerCase()
  return (
    columns.find(({ propertyPath }) => propertyPath === path) ??
    // Of two in embedded entities, the one TypeORM takes
    columns.filter(({ propertyName }) => propertyName === path).at(-1) ??
    columns.find(({ databaseName }) => databaseName.toLowerCase() === folded)
  )
}

/** A name by itself: of a column, unless its place or an alias says otherwise. */
function bareAt(reading: Reading, at: number): Mention | undefined {
  const { tokens, places, map } = reading
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  const place = places[at]
  if (!token || !place) return undefined
  if (isKeyword(before, "AS", "NULLS") || isSymbol(before, "::", ".")) return undefined
  if (next?.kind === "literal" || (token.kind === "word" && isSymbol(next, "("))) return undefined
  if (place.clause === "from" || place.clause === "other" || place.clause === "set")
    return undefined
  // The alias of an item, where it is given and where it is used
  if (place.clause === "select" ? isOperand(before) : isAlias(reading, place, token)) {
    return undefined
  }
  const owners = bareOwners(map).flatMap(({ metadata }) => {
    const column = columnNamed(metadata, token.text)
    return column ? [{ metadata, column }] : []
  })
  const [owner, ...others] = owners
  const bound = owner && boundColumn(owner.column)
  // Of two tables, the database has to be told which
  if (!bound || others.length > 0) return undefined
  return { ...owner, bound, alias: "", start: at, end: at + 1, place }
}

function isAlias({ tokens }: Reading, { clause, scope }: SqlPlace, name: SqlToken): boolean {
  if (clause === "condition") return false
  return scope.items.select.some(({ start, end }) => {
    const last = tokens[end - 1]
    const isGiven = end - start > 1 && !isSymbol(tokens[end - 2], ".") && isOperand(tokens[end - 2])
    return isGiven && last?.text.toLowerCase() === name.text.toLowerCase()
  })
}

function bareOwners({ aliases, mainAlias, queryType }: ExpressionMap): readonly Owner[] {
  const all = queryType === "select" ? aliases : mainAlias ? [mainAlias] : []
  return all.flatMap((alias) =>
    alias.hasMetadata ? [{ metadata: alias.metadata, alias: alias.name }] : [],
  )
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

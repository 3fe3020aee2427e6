import type { DataSource, EntityMetadata } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import { oddNamesAmong } from "./sql-tokens"

/** Patterns of the names of encrypted columns. */
interface NamePatterns {
  /** By themselves. */
  readonly name: RegExp
  /** As a part of anything, which is found out in a fraction of the time. */
  readonly part: RegExp
  /** Of their tables. */
  readonly table: RegExp
}

/** `null` where there are none. */
const patterns = new WeakMap<object, NamePatterns | null>()

/**
 * Whether a statement may name encrypted columns in a string of the caller's: a quick look that spares
 * most statements a slow one.
 */
export function mayMention(dataSource: DataSource, map: ExpressionMap, sql: string): boolean {
  const { entityMetadatas } = dataSource
  const pattern = patternOf(entityMetadatas, entityMetadatas)
  if (!pattern) return false
  if (mayHoldRows(dataSource, map, sql)) return true
  if (!pattern.part.test(sql)) return false
  if (UNNAMED.test(sql)) return true
  const rest = beyondOwnNames(map, sql)
  if (!pattern.name.test(rest)) return false
  // Of tables that the builder has no alias of, a SELECT inside may speak
  if (INNER_SELECT.test(rest)) return true
  return map.aliases.some(
    (alias) =>
      // By the name of a table, or of what a WITH makes
      !alias.hasMetadata || patternOf(alias.metadata, [alias.metadata])?.name.test(rest) === true,
  )
}

/** What reads columns under no name that a pattern of names finds. */
const UNNAMED = /natural(?![\p{L}\p{N}_$])|u&"/iu

/** Whether a statement may have rows with encrypted columns for values, as PostgreSQL takes `alias::text`. */
function mayHoldRows(
  { entityMetadatas, options: { type } }: DataSource,
  { aliases, queryType }: ExpressionMap,
  sql: string,
): boolean {
  if (driverFacts(type).syntax !== "postgres") return false
  let folded: string | undefined
  for (const alias of aliases) {
    if (!alias.hasMetadata || !patternOf(alias.metadata, [alias.metadata])) continue
    // UPDATE and DELETE call the table by its own name
    const name = queryType === "select" ? alias.name : alias.metadata.tableName
    if (standsAlone((folded ??= sql.toLowerCase()), name.toLowerCase())) return true
  }
  if (!INNER_SELECT.test(sql)) return false
  return patternOf(entityMetadatas, entityMetadatas)?.table.test(sql) === true
}

/** Whether a name is in SQL with no column behind it, but for where TypeORM says what it is of. */
function standsAlone(sql: string, name: string): boolean {
  for (let at = sql.indexOf(name); at >= 0; at = sql.indexOf(name, at + 1)) {
    const end = at + name.length
    if (isOfName(sql.charCodeAt(at - 1)) || isOfName(sql.charCodeAt(end))) continue
    if (sql[at - 1] !== '"' || sql[end] !== '"') return true
    // In quotes
    if (sql[at - 2] === "." || sql[end + 1] === ".") continue
    if (!DEFINING.test(sql.slice(Math.max(0, at - 8), at - 1))) return true
  }
  return false
}

/** Whether a character is one of a name in lower case, or the dot between two. */
function isOfName(code: number): boolean {
  const isLetter = (code >= 97 && code <= 122) || code === 95 || code > 127
  return isLetter || (code >= 48 && code <= 57) || code === 36 || code === 46
}

const DEFINING = /(?:"|\b(?:as|from|into|join|update)) $/

/** Whether a statement may name an encrypted column of any entity. */
export function mayName({ entityMetadatas }: DataSource, sql: string): boolean {
  return patternOf(entityMetadatas, entityMetadatas)?.name.test(sql) === true
}

/** `null` where there are none. */
const oddNames = new WeakMap<object, RegExp | null>()

/** Returns what matches names of a model's properties and columns that are no words of SQL, if there are any. */
export function oddNamesOf({ entityMetadatas }: DataSource): RegExp | undefined {
  let pattern = oddNames.get(entityMetadatas)
  if (pattern === undefined) {
    const paths = entityMetadatas
      .flatMap(({ columns }) => columns)
      .flatMap(({ propertyPath, propertyName, databaseName }) => [
        ...propertyPath.split("."),
        ...[propertyName, databaseName],
      ])
    pattern = oddNamesAmong(paths) ?? null
    oddNames.set(entityMetadatas, pattern)
  }
  return pattern ?? undefined
}

const compared = new WeakMap<ColumnMetadata, RegExp>()

/** Whether a string may say more of a column than whether it is NULL. */
export function mayCompare(column: ColumnMetadata, sql: string): boolean {
  let pattern = compared.get(column)
  if (!pattern) {
    const { source } = patternFor(namesOf(column))
    compared.set(column, (pattern = new RegExp(`${source}(?!["\`]?\\s+IS\\b)`, "iu")))
  }
  return pattern.test(sql)
}

/** Whether a string holds a SELECT, which may be of any entity. */
export function hasSelect(sql: string): boolean {
  return SELECT.test(sql)
}

const SELECT = /\bSELECT\b/i

/** One that the statement does not begin with, whatever comments are before it. */
const INNER_SELECT = /\bSELECT\b(?<!^\(?SELECT)/i

function patternOf(key: object, metadatas: readonly EntityMetadata[]): NamePatterns | null {
  const known = patterns.get(key)
  if (known !== undefined) return known
  const encrypted = metadatas
    .flatMap(({ columns }) => columns)
    .filter((column) => boundColumn(column))
  const names = encrypted.flatMap((column) => [...namesOf(column)])
  const tables = encrypted.map(({ entityMetadata }) => entityMetadata.tableName)
  const pattern = names.length === 0 ? null : patternsFor(names, tables)
  patterns.set(key, pattern)
  return pattern
}

function namesOf({ propertyName, databaseName }: ColumnMetadata): ReadonlySet<string> {
  return new Set([propertyName, databaseName])
}

function patternsFor(names: readonly string[], tables: readonly string[]): NamePatterns {
  const part = new RegExp(`${alternatives(names)}|${UNNAMED.source}`, "iu")
  return { name: patternFor(names), part, table: patternFor(tables) }
}

function patternFor(names: Iterable<string>): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_$])${alternatives(names)}(?![\\p{L}\\p{N}_$])`, "iu")
}

function alternatives(names: Iterable<string>): string {
  const escaped = [...new Set(names)].map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
  return `(?:${escaped.join("|")})`
}

/** What TypeORM names itself, escaped and in one piece, says nothing that has to be looked at. */
function beyondOwnNames(map: ExpressionMap, sql: string): string {
  const end = isOwnSelection(map, sql)
    ? sql.indexOf(" FROM ")
    : isOwnInsertion(map, sql)
      ? sql.indexOf(" VALUES ")
      : -1
  return end < 0 ? sql : sql.slice(end)
}

function isOwnSelection(map: ExpressionMap, sql: string): boolean {
  const selected = new Set(map.selects.map(({ selection }) => selection))
  return (
    (sql.startsWith("SELECT ") || sql.startsWith("(SELECT ")) &&
    !map.selectDistinct &&
    map.selectDistinctOn.length === 0 &&
    // By an alias of the caller's, conditions may go as well
    map.selects.every(({ selection, aliasName }) => !aliasName && PATH.test(selection)) &&
    // Which may go by the alias of what is selected, TypeORM's own
    map.havings.length === 0 &&
    map.groupBys.every((path) => path.includes(".")) &&
    // What is selected by itself is ordered by its alias
    Object.keys(map.orderBys).every((path) => path.includes(".") && !selected.has(path))
  )
}

/** The list of columns to insert; values may be expressions, and what an upsert does comes after them. */
function isOwnInsertion({ insertFromSelect }: ExpressionMap, sql: string): boolean {
  return sql.startsWith("INSERT ") && insertFromSelect === undefined
}

/** An alias, or a property after one. */
const PATH = /^[\p{L}\p{N}_$]+(?:\.[\p{L}\p{N}_$]+)*$/u

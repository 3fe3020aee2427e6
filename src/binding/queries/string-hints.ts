import type { DataSource, EntityMetadata } from "typeorm"

import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import { oddNamesAmong } from "./sql-tokens"

/** Patterns of the names of encrypted columns. */
interface NamePatterns {
  /** By themselves. */
  readonly name: RegExp
  /** As a part of anything, which is found out in a fraction of the time. */
  readonly part: RegExp
}

/** `null` where there are none. */
const patterns = new WeakMap<object, NamePatterns | null>()

/**
 * Whether a statement may name encrypted columns in a string of the caller's: a quick look that spares
 * most statements a slow one.
 */
export function mayMention(
  { entityMetadatas }: DataSource,
  map: ExpressionMap,
  sql: string,
): boolean {
  const pattern = patternOf(entityMetadatas, entityMetadatas)
  if (!pattern?.part.test(sql)) return false
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
    const { source } = patternFor(namesOf(column)).name
    compared.set(column, (pattern = new RegExp(`${source}(?!["\`]?\\s+IS\\b)`, "iu")))
  }
  return pattern.test(sql)
}

/** Whether a string holds a SELECT, which may be of any entity. */
export function hasInnerSelect(sql: string): boolean {
  return INNER_SELECT.test(sql)
}

const INNER_SELECT = /\(\s*SELECT\b/i

function patternOf(key: object, metadatas: readonly EntityMetadata[]): NamePatterns | null {
  const known = patterns.get(key)
  if (known !== undefined) return known
  const names = metadatas
    .flatMap(({ columns }) => columns)
    .filter((column) => boundColumn(column))
    .flatMap((column) => [...namesOf(column)])
  const pattern = names.length === 0 ? null : patternFor(new Set(names))
  patterns.set(key, pattern)
  return pattern
}

function namesOf({ propertyName, databaseName }: ColumnMetadata): ReadonlySet<string> {
  return new Set([propertyName, databaseName])
}

function patternFor(names: ReadonlySet<string>): NamePatterns {
  const escaped = [...names].map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
  const any = `(?:${escaped.join("|")})`
  const name = new RegExp(`(?<![\\p{L}\\p{N}_$])${any}(?![\\p{L}\\p{N}_$])`, "iu")
  return { name, part: new RegExp(any, "iu") }
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

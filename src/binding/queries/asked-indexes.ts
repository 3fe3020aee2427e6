import type { DataSource, EntityMetadata } from "typeorm"

import { type Companion, companionsOf } from "../indexes/companion"
import { isUnlooked, isUnproven, mustBeComplete } from "../indexes/index-completeness"
import { type ExpressionMap, plainValueOf } from "../typeorm-internals"
import { hasSelect, mayCompare } from "./string-hints"

/**
 * Returns the indexes that a query builder may ask and that rows may be missing from, which have to be
 * looked at before it is executed: those that its objects ask, and that its strings may.
 *
 * @param asked - the indexes that objects ask, as far as rows may be missing from them
 */
export function indexesToLookAt(
  { entityMetadatas }: DataSource,
  map: ExpressionMap,
  asked: ReadonlySet<Companion>,
): readonly Companion[] {
  if (unprovenIn(entityMetadatas).length === 0) return NONE
  const named = namesIndexed(map)
  if (!named && asked.size === 0 && !someString(map, hasSelect)) return NONE
  const found = [...asked].filter(isUnproven)
  const strings = stringsOf(map)
  for (const metadata of hasSelect(strings) ? entityMetadatas : aliasedIn(map)) {
    for (const companion of companionsOf(metadata)) {
      const isLate = mustBeComplete(companion)
        ? isUnlooked(companion)
        : isUnproven(companion) && isAskedBy(strings, companion)
      if (isLate && !found.includes(companion)) found.push(companion)
    }
  }
  return found
}

/** Strings ask no index over several properties, and none of few bits. */
function isAskedBy(strings: string, { index, sources }: Companion): boolean {
  const [source, ...others] = sources
  if (!source || others.length > 0 || index.truncated) return false
  return mayCompare(source, strings)
}

const NONE: readonly Companion[] = []

function namesIndexed({ aliases }: ExpressionMap): boolean {
  for (const alias of aliases) {
    if (alias.hasMetadata && companionsOf(alias.metadata).length > 0) return true
  }
  return false
}

/** Those of a model that rows may be missing from: fewer and fewer. */
const unproven = new WeakMap<readonly EntityMetadata[], readonly Companion[]>()

function unprovenIn(entityMetadatas: readonly EntityMetadata[]): readonly Companion[] {
  const before = unproven.get(entityMetadatas)
  if (before?.every(isUnproven)) return before
  const now = (before ?? entityMetadatas.flatMap(companionsOf)).filter(isUnproven)
  unproven.set(entityMetadatas, now)
  return now
}

function aliasedIn({ aliases }: ExpressionMap): readonly EntityMetadata[] {
  return aliases.flatMap((alias) => (alias.hasMetadata ? [alias.metadata] : []))
}

/** The strings of the caller's that may compare something, in one. */
function stringsOf(map: ExpressionMap): string {
  const parts: string[] = []
  someString(map, (part) => {
    parts.push(part)
    return false
  })
  return parts.join(" ")
}

/** Whether something is true of one of the strings of the caller's that may compare something. */
function someString(map: ExpressionMap, isSuch: (part: string) => boolean): boolean {
  const { wheres, havings, joinAttributes, selects } = map
  for (const { condition } of wheres) if (someOf(condition, isSuch)) return true
  for (const { condition } of havings) if (isSuch(condition)) return true
  for (const { condition } of joinAttributes) if (condition && isSuch(condition)) return true
  for (const { queryBuilder } of map.commonTableExpressions)
    if (typeof queryBuilder === "string" && isSuch(queryBuilder)) return true
  if (map.queryType !== "select" && writtenStrings(map).some(isSuch)) return true
  // A property by itself compares nothing
  for (const { selection } of selects) if (selection.includes(" ") && isSuch(selection)) return true
  return false
}

/** What a write sets columns to, when an upsert does, and what is returned. */
function writtenStrings({ mainAlias, onUpdate, returning, valuesSet }: ExpressionMap): string[] {
  const rows = valuesSet === undefined ? [] : [valuesSet].flat()
  const columns = mainAlias?.hasMetadata ? mainAlias.metadata.columns : []
  const values = rows.flatMap((row) => columns.map((column) => plainValueOf(column, row)))
  const strings = values.flatMap((value) =>
    typeof value === "function" ? String((value as () => unknown)()) : [],
  )
  for (const { condition } of onUpdate?.overwriteCondition ?? []) {
    someOf(condition, (part) => {
      strings.push(part)
      return false
    })
  }
  if (typeof returning === "string" && COMPARES.test(returning)) strings.push(returning)
  return strings
}

/** Columns by themselves compare nothing. */
const COMPARES = /[=<(]/

function someOf(condition: Condition, isSuch: (part: string) => boolean): boolean {
  if (typeof condition === "string") return isSuch(condition)
  if (Array.isArray(condition)) return condition.some((one) => someOf(one.condition, isSuch))
  return "condition" in condition && someOf(condition.condition, isSuch)
}

/** TypeORM does not export what conditions are made of. */
type Condition = ExpressionMap["wheres"][number]["condition"]

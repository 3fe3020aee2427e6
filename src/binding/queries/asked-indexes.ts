import type { DataSource, EntityMetadata } from "typeorm"

import { type Companion, companionsOf } from "../indexes/companion"
import { isUnlooked, isUnproven, mustBeComplete } from "../indexes/index-completeness"
import type { ExpressionMap } from "../typeorm-internals"
import { hasInnerSelect, mayCompare } from "./string-hints"

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
  const found = [...asked].filter(isUnproven)
  const strings = stringsOf(map)
  const named = hasInnerSelect(strings) ? entityMetadatas : aliasedIn(map)
  for (const metadata of named) {
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

/** Those of a model that rows may be missing from: fewer and fewer. */
const unproven = new WeakMap<readonly EntityMetadata[], readonly Companion[]>()

function unprovenIn(entityMetadatas: readonly EntityMetadata[]): readonly Companion[] {
  const before = unproven.get(entityMetadatas) ?? entityMetadatas.flatMap(companionsOf)
  if (before.length > 0 && before.every(isUnproven)) return before
  const now = before.filter(isUnproven)
  unproven.set(entityMetadatas, now)
  return now
}

function aliasedIn({ aliases }: ExpressionMap): readonly EntityMetadata[] {
  return aliases.flatMap((alias) => (alias.hasMetadata ? [alias.metadata] : []))
}

/** The strings of the caller's that may compare something, in one. */
function stringsOf({ wheres, havings, joinAttributes, selects }: ExpressionMap): string {
  const parts: string[] = []
  collect(wheres, parts)
  for (const { condition } of [...havings, ...joinAttributes]) if (condition) parts.push(condition)
  // A property by itself compares nothing
  for (const { selection } of selects) if (selection.includes(" ")) parts.push(selection)
  return parts.join(" ")
}

function collect(condition: Condition, parts: string[]): void {
  if (typeof condition === "string") parts.push(condition)
  else if (Array.isArray(condition)) for (const one of condition) collect(one.condition, parts)
  else if ("condition" in condition) collect(condition.condition, parts)
}

/** TypeORM does not export what conditions are made of. */
type Condition = ExpressionMap["wheres"][number]["condition"]

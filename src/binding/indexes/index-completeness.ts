import type { DataSource, QueryRunner } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { EncryptionError, UnsupportedQueryError } from "../../errors"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"
import type { Companion } from "./companion"

/**
 * Whether indexes have a value for every row, as far as it was looked at. What has one stays complete:
 * the release that writes the old form is two phases away.
 */
const known = new WeakMap<Companion, boolean>()

/** The column that may hold what others encrypted, which the index cannot be asked for on its own. */
function legacySource({ sources }: Companion): ColumnMetadata | undefined {
  return sources.find((source) => boundColumn(source)?.readsLegacy)
}

/** Whether the index answers only once it is known that every row has a value. */
export function mustBeComplete(companion: Companion): boolean {
  return companion.building === true || legacySource(companion) !== undefined
}

/** Whether rows may be missing from the index, as far as is known and was not declared otherwise. */
export function isUnproven(companion: Companion): boolean {
  if (known.get(companion) === true) return false
  if (mustBeComplete(companion)) return true
  // What a view shows is indexed in its tables
  return companion.building === undefined && companion.column.entityMetadata.tableType !== "view"
}

/** Whether nobody has looked yet if the index is complete, which it must be. */
export function isUnlooked(companion: Companion): boolean {
  return mustBeComplete(companion) && !known.has(companion)
}

/** How many statements are compiled to be refused, and not to be sent. */
let rehearsed = 0

/**
 * Compiles a statement before it is known whether the indexes that it asks are complete. What TypeORM says
 * of it may hold of the whole builder, and not of the part that is executed.
 *
 * @throws {@link EncryptionError} if it is refused
 */
export function rehearse(compile: () => unknown): void {
  rehearsed++
  try {
    compile()
  } catch (error) {
    if (error instanceof EncryptionError) throw error
  } finally {
    rehearsed--
  }
}

/**
 * Refuses to ask an index that rows may be missing from. One that was not declared so is asked where
 * nobody could look: in a statement that is compiled, and not executed.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function assertComplete(companion: Companion): void {
  if (!isUnproven(companion)) return
  if (!mustBeComplete(companion)) {
    if (known.get(companion) === false && rehearsed === 0) throw incomplete(companion)
    return
  }
  // To be looked at again by the next query
  known.delete(companion)
  const source = legacySource(companion)
  throw source ? unreachable(source) : building(companion)
}

function unreachable(source: ColumnMetadata): UnsupportedQueryError {
  const property = boundColumn(source)?.property ?? source.propertyPath
  return new UnsupportedQueryError(
    property,
    `${property} may hold what others encrypted, which cannot be compared with a value, and rows of it ` +
      "have no index value. Run column:encrypt, which gives each of them one, then take `legacy` out of " +
      "the column.",
  )
}

function building({ index }: Companion): UnsupportedQueryError {
  return new UnsupportedQueryError(
    index.members[0].property,
    `${propertiesOf(index)}: the blind index ${index.name} is being built, and tokens have no index value ` +
      "yet, so that a search would miss them. Run column:encrypt, which gives each of them one.",
  )
}

function incomplete({ index }: Companion): UnsupportedQueryError {
  return new UnsupportedQueryError(
    index.members[0].property,
    `${propertiesOf(index)}: ${unindexedTokens(index.name)} Run column:encrypt, which gives each of them ` +
      "one, and declare `building: true` meanwhile; or `building: false`, if they are not to be found.",
  )
}

/** Says that a search would miss tokens. */
export function unindexedTokens(name: string): string {
  return `tokens have no value in the blind index ${name}, so that a search would miss them.`
}

function propertiesOf({ members }: Companion["index"]): string {
  return members.map(({ property }) => property).join(", ")
}

/** Looks whether indexes have a value for every row, in the transaction of a runner if there is one. */
export async function lookIfComplete(
  dataSource: DataSource,
  companions: Iterable<Companion>,
  runner: QueryRunner | undefined,
): Promise<void> {
  for (const companion of companions) {
    if (known.get(companion) === true) continue
    // Under the others, a release beside this one clears index values
    const isStable = companion.sources.every((source) => boundColumn(source)?.phase === "allow")
    const missing: unknown =
      !legacySource(companion) || isStable
        ? await (runner ?? dataSource).query<unknown>(missingRowQuery(dataSource, companion))
        : [companion]
    if (Array.isArray(missing)) known.set(companion, missing.length === 0)
  }
}

/** Rows that are looked at most for what was not declared to be missing. */
const FEW_ROWS = 10_000

/**
 * Returns a query for a row whose cells are there and whose index value is not, if there is one: among all
 * rows where the index answers only then, else among a few, since a database goes through every NULL for it.
 */
export function missingRowQuery({ driver, options }: DataSource, companion: Companion): string {
  const { column } = companion
  const escape = (name: string): string => driver.escape(name)
  const table = column.entityMetadata.tablePath.split(".").map(escape)
  const from = `FROM ${table.join(".")} WHERE ${escape(column.databaseName)} IS NULL`
  const filled = filledCondition(companion, escape, options.type)
  return mustBeComplete(companion)
    ? `SELECT 1 AS missing ${from} AND ${filled} LIMIT 1`
    : `SELECT 1 AS missing FROM (SELECT CASE WHEN ${filled} THEN 1 ELSE 0 END AS filled ${from} ` +
        `LIMIT ${FEW_ROWS}) AS unindexed WHERE filled = 1 LIMIT 1`
}

/** That every cell is there and one of them a token: plaintext is compared as it is, if all of it is. */
function filledCondition(
  companion: Companion,
  escape: (name: string) => string,
  type: DataSource["options"]["type"],
): string {
  const names = companion.sources.map(({ databaseName }) => escape(databaseName))
  const present = names.map((name) => `${name} IS NOT NULL`)
  const { isToken } = driverFacts(type)
  if (legacySource(companion) || !isToken) return present.join(" AND ")
  const tokens = names.map((name) => isToken(name))
  return [...(names.length > 1 ? present : []), `(${tokens.join(" OR ")})`].join(" AND ")
}

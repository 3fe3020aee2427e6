import type { DataSource, QueryRunner } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"
import type { Companion } from "./companion"

/**
 * Whether indexes over what others may have encrypted have a value for every row, as far as it was looked
 * at. What has one stays complete: the release that writes the old form is two phases away.
 */
const known = new WeakMap<Companion, boolean>()

/** The column that may hold what others encrypted, which the index cannot be asked for on its own. */
function legacySource({ sources }: Companion): ColumnMetadata | undefined {
  return sources.find((source) => boundColumn(source)?.readsLegacy)
}

/** Whether the index answers only once every row has a value. */
export function mustBeComplete(companion: Companion): boolean {
  return legacySource(companion) !== undefined
}

/** Whether nobody has looked yet if the index is complete. */
export function isUnlooked(companion: Companion): boolean {
  return mustBeComplete(companion) && !known.has(companion)
}

/**
 * Refuses to ask an index that rows may be missing from.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function assertComplete(companion: Companion): void {
  const source = legacySource(companion)
  if (!source || known.get(companion) === true) return
  // To be looked at again by the next query
  known.delete(companion)
  const property = boundColumn(source)?.property ?? source.propertyPath
  throw new UnsupportedQueryError(
    property,
    `${property} may hold what others encrypted, which cannot be compared with a value, and rows of it ` +
      "have no index value. Run column:encrypt, which gives each of them one, then take `legacy` out of " +
      "the column.",
  )
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
    const missing = isStable ? await missingRow(dataSource, companion, runner) : [companion]
    if (Array.isArray(missing)) known.set(companion, missing.length === 0)
  }
}

/** Returns a row whose cells are there and whose index value is not, if there is one. */
function missingRow(
  dataSource: DataSource,
  { column, sources }: Companion,
  runner: QueryRunner | undefined,
): Promise<unknown> {
  const name = (one: ColumnMetadata): string => dataSource.driver.escape(one.databaseName)
  const path = column.entityMetadata.tablePath
    .split(".")
    .map((one) => dataSource.driver.escape(one))
  const filled = sources.map((source) => `${name(source)} IS NOT NULL`)
  return (runner ?? dataSource).query(
    `SELECT 1 AS missing FROM ${path.join(".")} ` +
      `WHERE ${[`${name(column)} IS NULL`, ...filled].join(" AND ")} LIMIT 1`,
  )
}

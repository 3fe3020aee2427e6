import type { DataSource, QueryRunner } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { UnsupportedQueryError } from "../../errors"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"
import type { Companion } from "./companion"

/**
 * Whether indexes that are being built, or are over what others may have encrypted, have a value for every
 * row, as far as it was looked at. What has one stays complete: the release that writes the old form is two
 * phases away.
 */
const known = new WeakMap<Companion, boolean>()

/** The column that may hold what others encrypted, which the index cannot be asked for on its own. */
function legacySource({ sources }: Companion): ColumnMetadata | undefined {
  return sources.find((source) => boundColumn(source)?.readsLegacy)
}

/** Whether the index answers only once every row has a value. */
export function mustBeComplete(companion: Companion): boolean {
  return companion.isBuilding || legacySource(companion) !== undefined
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
  if (!mustBeComplete(companion) || known.get(companion) === true) return
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
  const properties = index.members.map(({ property }) => property).join(", ")
  return new UnsupportedQueryError(
    index.members[0].property,
    `${properties}: the blind index ${index.name} is being built, and tokens have no index value yet, so ` +
      "that a search would miss them. Run column:encrypt, which gives each of them one.",
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
    const missing =
      !legacySource(companion) || isStable
        ? await missingRow(dataSource, companion, runner)
        : [companion]
    if (Array.isArray(missing)) known.set(companion, missing.length === 0)
  }
}

/** Returns a row whose cells are there and whose index value is not, if there is one. */
function missingRow(
  dataSource: DataSource,
  companion: Companion,
  runner: QueryRunner | undefined,
): Promise<unknown> {
  const { column, sources } = companion
  const name = (one: ColumnMetadata): string => dataSource.driver.escape(one.databaseName)
  const path = column.entityMetadata.tablePath
    .split(".")
    .map((one) => dataSource.driver.escape(one))
  const { isToken } = driverFacts(dataSource.options.type)
  const filled = sources.map((source) =>
    // Plaintext is compared as it is, unless others encrypted it
    legacySource(companion) || !isToken ? `${name(source)} IS NOT NULL` : isToken(name(source)),
  )
  return (runner ?? dataSource).query(
    `SELECT 1 AS missing FROM ${path.join(".")} ` +
      `WHERE ${[`${name(column)} IS NULL`, ...filled].join(" AND ")} LIMIT 1`,
  )
}

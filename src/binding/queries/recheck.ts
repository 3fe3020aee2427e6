import type { DataSource, EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { UnsupportedQueryError } from "../../errors"
import { CANARY, CANARY_DIGEST } from "../canary-value"
import { boundColumn } from "../columns/bound-column"
import {
  type ColumnMetadata,
  type ExpressionMap,
  type RawRow,
  selectInternalsOf,
  type SelectInternals,
} from "../typeorm-internals"
import { viewOf } from "./builder-view"
import type { Recheck } from "./conditions"
import { hasOpenAlternative } from "./sql-tokens"
import { oddNamesOf } from "./string-hints"

/** The methods that yield entities, or how many there are. Everything else yields unchecked rows. */
export const CHECKED = ["getRawAndEntities", "getManyAndCount", "getCount", "getExists"] as const

/** What is to be executed, and what its results must be checked for. */
export interface Checking {
  readonly dataSource: DataSource
  readonly method: (typeof CHECKED)[number]
  readonly rechecks: readonly Recheck[]
}

/**
 * Returns a view of a query builder that drops the rows a truncated index found for another value, and
 * cuts the page, if one was asked for, from what is left. The builder itself stays as it is, so that
 * it may be executed several times at once.
 *
 * @throws {@link UnsupportedQueryError} if the results could not be told from others
 */
export function checkedView<Builder extends QueryBuilder<ObjectLiteral>>(
  builder: Builder,
  { rechecks, method, dataSource }: Checking,
): Builder {
  const whole = selectInternalsOf(builder)
  refuseAlternatives(whole.expressionMap, dataSource, rechecks)
  if (method === "getRawAndEntities" || method === "getManyAndCount") {
    refuseLimit(whole.expressionMap, rechecks)
  }
  if (method === "getCount" || method === "getManyAndCount") refuseCount(whole, rechecks)
  const view = viewOf(whole, { skip: undefined, take: undefined })
  const run = { rechecks, escape: (name: string) => dataSource.driver.escape(name) }
  const { skip = 0, take } = whole.expressionMap
  const end = take || isEmptyPage(whole) ? skip + (take ?? 0) : undefined
  let found: number | undefined
  view.loadRawResults = async (runner) => {
    const groups = await loadChecked(view, whole, run, runner)
    found = groups.length
    return groups.slice(skip, end).flat()
  }
  const count = async (runner: unknown): Promise<number> =>
    found ?? countOf(view, whole, run, runner)
  view.lazyCount = () => found
  view.executeCountQuery = count
  view.executeExistsQuery = async (runner) => (await count(runner)) > 0
  return view as unknown as Builder
}

/** Whether a page of no rows is one, and not no page: there TypeORM's versions differ. */
function isEmptyPage(whole: SelectInternals): boolean {
  const { take, skip, joinAttributes } = whole.expressionMap
  if (take !== 0) return false
  // Beside a join, TypeORM cuts a page of keys first, if it takes it for one
  if (joinAttributes.length > 0 && !skip) return false
  const page = joinAttributes.length > 0 ? viewOf(whole, { limit: take, offset: skip }) : whole
  return page.createLimitOffsetExpression().includes("LIMIT 0")
}

/** The checks of one execution. */
interface Run {
  readonly rechecks: readonly Recheck[]
  readonly escape: (name: string) => string
}

/** Loads the rows that pass, those of one entity together. */
async function loadChecked(
  view: SelectInternals,
  { loadRawResults }: SelectInternals,
  { rechecks, escape }: Run,
  runner: unknown,
): Promise<readonly (readonly RawRow[])[]> {
  const aliasOf = aliasesOf(view, escape)
  const checks = rechecks.map((recheck) => ({ recheck, aliases: sourceAliases(recheck, aliasOf) }))
  const { primaryColumns } = mainMetadata(view)
  const keys = primaryColumns.map((column) => aliasOf(column) ?? "")
  const entities = new Map<unknown, RawRow[]>()
  for (const row of await loadRawResults.call(view, runner)) {
    if (!checks.every(({ recheck, aliases }) => passes(recheck, aliases, row))) continue
    const key = keys.length === 0 ? row : JSON.stringify(keys.map((alias) => String(row[alias])))
    const known = entities.get(key)
    if (known) known.push(row)
    else entities.set(key, [row])
  }
  return [...entities.values()]
}

/** Counts as TypeORM does: entities, of all pages. */
async function countOf(
  view: SelectInternals,
  whole: SelectInternals,
  run: Run,
  runner: unknown,
): Promise<number> {
  const { mainAlias, options } = view.expressionMap
  const { primaryColumns } = mainMetadata(view)
  const columns = [...primaryColumns, ...run.rechecks.flatMap(({ companion }) => companion.sources)]
  const paths = new Set(columns.map(({ propertyPath }) => propertyPath))
  const counting = viewOf(view, {
    selects: [...paths].map((path) => ({ selection: `${mainAlias?.name ?? ""}.${path}` })),
    orderBys: {},
    groupBys: [],
    limit: undefined,
    offset: undefined,
    queryEntity: false,
    options: [...options, "disable-global-order"],
  })
  return (await loadChecked(counting, whole, run, runner)).length
}

function mainMetadata({ expressionMap: { mainAlias } }: SelectInternals): EntityMetadata {
  if (!mainAlias?.hasMetadata) throw new TypeError("The query has no entity")
  return mainAlias.metadata
}

/** Returns by which alias a column of the main entity is selected, if it is. */
function aliasesOf(
  view: SelectInternals,
  escape: Run["escape"],
): (column: ColumnMetadata) => string | undefined {
  const { mainAlias } = view.expressionMap
  const name = mainAlias?.name ?? ""
  const selects = view.buildEscapedEntityColumnSelects(name, mainMetadata(view))
  return ({ databaseName }) => {
    const path = `${escape(name)}.${escape(databaseName)}`
    return selects.find(({ selection }) => selection === path)?.aliasName
  }
}

function sourceAliases(
  { companion }: Recheck,
  aliasOf: (column: ColumnMetadata) => string | undefined,
): readonly string[] {
  return companion.sources.map((source) => {
    const alias = aliasOf(source)
    if (alias !== undefined) return alias
    const { property } = companion.index.members[0]
    throw new UnsupportedQueryError(
      property,
      `${property} was queried by a blind index of few bits, whose results cannot be checked ` +
        `without ${companion.index.members.map((member) => member.property).join(" and ")}. ` +
        "Select it as well.",
    )
  })
}

function passes({ companion, exact }: Recheck, aliases: readonly string[], row: RawRow): boolean {
  const values = companion.sources.map((source, i) =>
    boundColumn(source)?.read(row[aliases[i] ?? ""]),
  )
  if (values.includes(CANARY)) return exact.includes(CANARY_DIGEST)
  const isPresent = values.every((value) => value !== null && value !== undefined)
  return isPresent && exact.includes(companion.index.exact(values))
}

/**
 * Refuses conditions of which a row need not be true of all: one that another alternative chose would be
 * dropped by the check.
 */
export function refuseAlternatives(
  { wheres }: ExpressionMap,
  dataSource: DataSource,
  rechecks: readonly Recheck[],
): void {
  const { syntax } = driverFacts(dataSource.options.type)
  const oddNames = oddNamesOf(dataSource)
  const isIsolated = dataSource.options.isolateWhereStatements === true
  const isOpen = wheres.some(({ type, condition }, i) => {
    if (type === "or" && i > 0) return true
    if (isIsolated || typeof condition !== "string") return false
    return hasOpenAlternative(condition, syntax, oddNames)
  })
  if (isOpen) throw unchecked(rechecks, "stand beside OR")
}

/** The database would count the rows of other values in. */
function refuseLimit(map: ExpressionMap, rechecks: readonly Recheck[]): void {
  const { limit, offset } = map
  if (limit === undefined && offset === undefined) return
  throw unchecked(
    rechecks,
    "be used with limit() and offset(), which count them; use take() and skip()",
  )
}

/** Of a selection, TypeORM counts the different ones, of which NULL is none. */
function refuseCount(builder: SelectInternals, rechecks: readonly Recheck[]): void {
  if (!builder.findOptions.select) return
  const { mainAlias, selects } = builder.expressionMap
  const keys = mainMetadata(builder).primaryColumns.map(
    ({ propertyPath }) => `${mainAlias?.name ?? ""}.${propertyPath}`,
  )
  if (selects.every(({ selection }) => keys.includes(selection))) return
  throw unchecked(rechecks, "count the different values of a selection")
}

/** Says what a truncated index cannot do. */
export function unchecked([recheck]: readonly Recheck[], what: string): UnsupportedQueryError {
  const property = recheck?.companion.index.members[0].property ?? ""
  return new UnsupportedQueryError(
    property,
    `${property} has a blind index of few bits, which finds rows of other values too, so that results ` +
      `are checked after decryption. It cannot ${what}. Otherwise load the entities by it first, or ` +
      "use an index with all bits.",
  )
}

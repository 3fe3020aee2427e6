import type { DataSource, EntityMetadata } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import type { ExpressionMap } from "../typeorm-internals"
import { unsupportedExpression, unsupportedOrder } from "./query-rules"

/**
 * Refuses what a query builder is about to compile if it orders, groups or aggregates by an
 * encrypted column, or would write to one past the encryption. Other SQL in its strings is the
 * caller's own and is not parsed.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function checkStatement(dataSource: DataSource, map: ExpressionMap): void {
  for (const path of Object.keys(map.orderBys)) refusePath(map, path, "an order")
  for (const path of map.groupBys) refusePath(map, path, "a group")
  for (const path of map.selectDistinctOn) refusePath(map, path, "a distinct selection")
  for (const { selection } of map.selects) refuseAggregate(dataSource, map, selection)
  if (map.queryType === "insert" || map.queryType === "update") refuseTarget(dataSource, map)
  if (map.queryType === "insert") refuseSelected(map)
}

function refusePath(map: ExpressionMap, path: string, what: string): void {
  const bound = columnAt(map, path)
  if (bound) throw unsupportedOrder(bound.property, what)
}

/** The encrypted column that a path names as `alias.property`, or as `property` in an UPDATE. */
function columnAt(map: ExpressionMap, path: string): BoundColumn | undefined {
  const [aliasName = "", ...property] = path.trim().split(".")
  const alias = map.aliases.find(({ name }) => name === aliasName)
  const [owner, propertyPath] = alias ? [alias, property.join(".")] : [map.mainAlias, path.trim()]
  if (!owner?.hasMetadata) return undefined
  const column = owner.metadata.findColumnWithPropertyPathStrict(propertyPath)
  return column && boundColumn(column)
}

/** As `repository.maximum("ssn")` and the like have it, or `select("MAX(patient.ssn)")`. */
function refuseAggregate(dataSource: DataSource, map: ExpressionMap, selection: string): void {
  const [, name, of] = /^\s*(sum|avg|min|max)\s*\(\s*(.+?)\s*\)\s*$/i.exec(selection) ?? []
  if (name === undefined || of === undefined) return
  const bound = columnAt(map, of) ?? escapedColumnAt(dataSource, map, of)
  if (bound) throw unsupportedOrder(bound.property, `its ${name.toLowerCase()}`)
}

function escapedColumnAt(
  { driver }: DataSource,
  { mainAlias }: ExpressionMap,
  escaped: string,
): BoundColumn | undefined {
  if (!mainAlias?.hasMetadata) return undefined
  // TypeORM 0.3.17 names no alias
  const column = mainAlias.metadata.columns.find(({ databaseName }) => {
    const name = driver.escape(databaseName)
    return escaped === name || escaped === `${driver.escape(mainAlias.name)}.${name}`
  })
  return column && boundColumn(column)
}

/**
 * By a name that TypeORM does not resolve to the entity, as in `into("public.patient")`, it knows no
 * columns of the table, and the values would be stored in plaintext.
 */
function refuseTarget(dataSource: DataSource, { mainAlias }: ExpressionMap): void {
  if (!mainAlias || mainAlias.hasMetadata) return
  const table = mainAlias.tablePath
    ?.split(".")
    .at(-1)
    ?.replaceAll(/^["'`[]|["'`\]]$/g, "")
  const entity = dataSource.entityMetadatas.find(
    (metadata) =>
      // Some databases ignore the case of a table's name
      metadata.tableName.toLowerCase() === table?.toLowerCase() && encryptedColumn(metadata),
  )
  if (!entity) return
  throw new UnsupportedQueryError(
    entity.name,
    `${entity.name} has encrypted columns, and by the name of its table they would be stored in ` +
      "plaintext. Pass the entity instead of the table's name.",
  )
}

/** INSERT … SELECT: what a selection yields never comes here to be encrypted. TypeORM has it from 1.1. */
function refuseSelected(map: ExpressionMap): void {
  const { mainAlias, insertColumns, insertFromSelect } = map
  if (insertFromSelect === undefined || !mainAlias?.hasMetadata) return
  const bound = encryptedColumn(mainAlias.metadata, insertColumns)
  if (bound) throw unsupportedExpression(bound.property)
}

/** The first encrypted column of an entity, among those at the given paths if any are given. */
function encryptedColumn(
  { columns }: EntityMetadata,
  paths: readonly string[] = [],
): BoundColumn | undefined {
  const column = columns.find(
    (one) => boundColumn(one) && (paths.length === 0 || paths.includes(one.propertyPath)),
  )
  return column && boundColumn(column)
}

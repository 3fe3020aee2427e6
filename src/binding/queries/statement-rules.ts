import type { DataSource, EntityMetadata } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { UnsupportedQueryError } from "../../errors"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import type { ExpressionMap } from "../typeorm-internals"
import { unsupportedExpression } from "./query-rules"
import { isKeyword, isSymbol } from "./sql-scopes"
import { tokenize } from "./sql-tokens"

/**
 * Refuses what a query builder is about to compile if it would write to an encrypted column past the
 * encryption.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function checkStatement(dataSource: DataSource, map: ExpressionMap): void {
  if (map.queryType === "insert" || map.queryType === "update") refuseTarget(dataSource, map)
  if (map.queryType === "insert") refuseSelected(map)
  if (map.commonTableExpressions.length > 0) refuseWritingStrings(dataSource, map)
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
  const entity = encryptedEntity(dataSource, table)
  if (!entity) return
  throw new UnsupportedQueryError(
    entity.name,
    `${entity.name} has encrypted columns, and by the name of its table they would be stored in ` +
      "plaintext. Pass the entity instead of the table's name.",
  )
}

/** An UPDATE or INSERT that is a string of WITH, whose values nobody encrypts. */
function refuseWritingStrings(
  dataSource: DataSource,
  { commonTableExpressions }: ExpressionMap,
): void {
  const { syntax } = driverFacts(dataSource.options.type)
  for (const { queryBuilder: sql } of commonTableExpressions) {
    if (typeof sql !== "string") continue
    const tokens = tokenize(sql, syntax)
    for (const [i, token] of tokens.entries()) {
      if (!isKeyword(token, "UPDATE", "INTO")) continue
      let at = isKeyword(tokens[i + 1], "ONLY") ? i + 2 : i + 1
      while (isSymbol(tokens[at + 1], ".")) at += 2
      const entity = encryptedEntity(dataSource, tokens[at]?.text)
      if (!entity) continue
      throw new UnsupportedQueryError(
        entity.name,
        `${entity.name} has encrypted columns, and what a string of WITH writes to its table is not ` +
          "encrypted. Pass a query builder in place of the string.",
      )
    }
  }
}

/** The entity with encrypted columns that a table is of. Some databases ignore the case of its name. */
function encryptedEntity(
  { entityMetadatas }: DataSource,
  table: string | undefined,
): EntityMetadata | undefined {
  return entityMetadatas.find(
    (metadata) =>
      metadata.tableName.toLowerCase() === table?.toLowerCase() && encryptedColumn(metadata),
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

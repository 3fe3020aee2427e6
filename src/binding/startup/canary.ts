import type { DataSource, EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { ColumnMisuseError, type EncryptionError, UnsupportedQueryError } from "../../errors"
import { BlindEqual } from "../../search/blind-equal"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import { CANARY, CANARY_DIGEST, CANARY_TOKEN } from "../canary-value"
import { brokenSeam, type ColumnMetadata } from "../typeorm-internals"
import { type Companion, companionsOf } from "../indexes/companion"
import { isFindOperator } from "../queries/query-rules"
import { proveReads } from "./canary-reads"

/**
 * Proves, by statements that are built and never sent, that this version of TypeORM passes every
 * encrypted column through the seams: written values are encrypted on INSERT and UPDATE, their blind
 * indexes with them, a comparison is refused or goes to an index, and what is read is decrypted. If a version ever does not,
 * the application does not start.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export async function proveSeams(dataSource: DataSource): Promise<void> {
  for (const metadata of dataSource.entityMetadatas) {
    proveVirtualColumns(dataSource, metadata)
    for (const column of metadata.columns) {
      const bound = boundColumn(column)
      if (!bound) continue
      if (metadata.tableType !== "view") {
        withoutOthersTransformers(metadata, () => {
          proveWrites(dataSource, metadata, column, bound)
        })
      }
      proveGuard(dataSource, metadata, bound)
    }
    for (const companion of companionsOf(metadata)) proveSearch(dataSource, metadata, companion)
    await proveReads(dataSource, metadata)
  }
}

/** What a virtual column asks of an encrypted one, no query of the entity could be answered for. */
function proveVirtualColumns(dataSource: DataSource, metadata: EntityMetadata): void {
  for (const { isVirtualProperty, propertyPath } of metadata.columns) {
    if (!isVirtualProperty) continue
    try {
      dataSource
        .createQueryBuilder(metadata.target, "canary")
        .select(`canary.${propertyPath}`)
        .getQuery()
    } catch (error) {
      if (!(error instanceof UnsupportedQueryError)) throw error
      throw new ColumnMisuseError([
        `${metadata.name}.${propertyPath} cannot be queried: ${error.message}`,
      ])
    }
  }
}

/** An INSERT asks every transformer for its column's value, and may ask one that takes no undefined. */
function withoutOthersTransformers({ columns }: EntityMetadata, prove: () => void): void {
  const others = columns.filter((column) => column.transformer && !boundColumn(column))
  const transformers = others.map(({ transformer }) => transformer)
  try {
    for (const column of others) column.transformer = undefined
    prove()
  } finally {
    others.forEach((column, i) => {
      column.transformer = transformers[i]
    })
  }
}

function proveWrites(
  dataSource: DataSource,
  metadata: EntityMetadata,
  column: ColumnMetadata,
  { property }: BoundColumn,
): void {
  const companions = companionsOf(metadata).filter(({ sources }) =>
    sources.some(({ propertyPath }) => propertyPath === column.propertyPath),
  )
  const values = canaries([column, ...companions.flatMap(({ sources }) => sources)])
  const builder = () => dataSource.createQueryBuilder()
  const [insert, update] = [
    builder().insert().into(metadata.target).values(values),
    builder().update(metadata.target).set(values),
  ]
  const isIndexed = companions.length > 0
  if (column.isInsert && !isProtected(insert, isIndexed)) {
    throw brokenAt(property, "does not encrypt it in an INSERT")
  }
  if (column.isUpdate && !isProtected(update, isIndexed)) {
    throw brokenAt(property, "does not encrypt it in an UPDATE")
  }
}

/** Whether tokens, and index values if there are any, take the place of all values. */
function isProtected(
  query: Pick<QueryBuilder<ObjectLiteral>, "getQueryAndParameters">,
  isIndexed: boolean,
): boolean {
  try {
    const [, sent] = query.getQueryAndParameters()
    if (isIndexed && !sent.includes(CANARY_DIGEST)) return false
    return sent.includes(CANARY_TOKEN) && !sent.includes(CANARY)
  } catch (error) {
    // What is written where values are not encrypted is an operand, which the driver seam refuses
    if (error instanceof UnsupportedQueryError) return false
    throw error
  }
}

/** A canary in each of the columns. */
function canaries(columns: readonly ColumnMetadata[]): ObjectLiteral {
  return columns.map((column) => column.createValueMap(CANARY)).reduce(merge, {})
}

function merge(one: ObjectLiteral, other: ObjectLiteral): ObjectLiteral {
  const merged = { ...one }
  for (const [key, value] of Object.entries(other) as [string, unknown][]) {
    const isNested = typeof value === "object" && value !== null && !isFindOperator(value)
    merged[key] = isNested ? merge((one[key] ?? {}) as ObjectLiteral, value) : value
  }
  return merged
}

/** Conditions on properties are compiled by us; what else TypeORM compares is an operand. */
function proveGuard(dataSource: DataSource, { target }: EntityMetadata, bound: BoundColumn): void {
  try {
    dataSource
      .createQueryBuilder(target, "canary")
      // By no string of ours, which would be compiled
      .where(":operand IS NULL", { operand: bound.to(CANARY_TOKEN) })
      .getQueryAndParameters()
  } catch (error) {
    if (error instanceof UnsupportedQueryError) return
    throw error
  }
  throw brokenAt(bound.property, "lets a comparison with it reach the database")
}

function proveSearch(
  dataSource: DataSource,
  { target }: EntityMetadata,
  { column, sources, index }: Companion,
): void {
  // By its name, since a plain value asks the first of several
  const sought = BlindEqual(CANARY, { index: index.name })
  const where = sources.map((source) => source.createValueMap(sought)).reduce(merge, {})
  const query = () => dataSource.createQueryBuilder(target, "canary").where(where)
  const name = dataSource.driver.escape(column.databaseName)
  if (asks(query, `${name} `)) return
  throw brokenAt(index.members[0].property, "does not search it by its blind index")
}

/** Whether the SQL of a query has a part, and its parameters the digest and no canary. */
function asks(
  query: () => Pick<QueryBuilder<ObjectLiteral>, "getQueryAndParameters">,
  part: string,
): boolean {
  try {
    const [sql, sent] = query().getQueryAndParameters()
    // A child of single-table inheritance is also chosen by its discriminator
    return sql.includes(part) && sent.includes(CANARY_DIGEST) && !sent.includes(CANARY)
  } catch (error) {
    // A condition that was not compiled is refused
    if (error instanceof UnsupportedQueryError) return false
    throw error
  }
}

function brokenAt(property: string, what: string): EncryptionError {
  return brokenSeam(`${property}: this combination of TypeORM version and database driver ${what}`)
}

import type { DataSource, EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { ColumnMisuseError, type EncryptionError, UnsupportedQueryError } from "../../errors"
import { BlindEqual } from "../../search/blind-equal"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import { CANARY, CANARY_DIGEST, CANARY_TOKEN } from "../canary-value"
import { brokenSeam, type ColumnMetadata } from "../typeorm-internals"
import { type Companion, companionsOf } from "../indexes/companion"
import { isFindOperator } from "../queries/query-rules"
import { encryptedColumnsOf } from "../columns/encrypted-columns"
import { proveExecutions } from "./canary-executions"
import { proveReads } from "./canary-reads"

/**
 * Proves, by statements that are never sent, that this version of TypeORM passes every encrypted column
 * through the seams: written values are encrypted on INSERT, UPDATE and upsert, their blind indexes with
 * them, a comparison or order is refused or goes to an index, and what is read is decrypted and checked.
 * If a version ever does not, the application does not start.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export async function proveSeams(dataSource: DataSource): Promise<void> {
  for (const metadata of dataSource.entityMetadatas) {
    proveVirtualColumns(dataSource, metadata)
    if (encryptedColumnsOf(metadata).length === 0) continue
    await withoutOthersTransformers(metadata, () => proveEntity(dataSource, metadata))
  }
}

async function proveEntity(dataSource: DataSource, metadata: EntityMetadata): Promise<void> {
  for (const { column, bound } of encryptedColumnsOf(metadata)) {
    if (metadata.tableType !== "view") proveWrites(dataSource, metadata, column, bound)
    proveGuard(dataSource, metadata, bound)
    proveOrder(dataSource, metadata, column, bound)
  }
  if (metadata.tableType !== "view") proveUpsert(dataSource, metadata)
  for (const companion of companionsOf(metadata)) {
    proveSearch(dataSource, metadata, companion)
    proveString(dataSource, metadata, companion)
  }
  await proveReads(dataSource, metadata)
  await proveExecutions(dataSource, metadata)
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

/** Those of other columns would be asked for what is no value of theirs. */
async function withoutOthersTransformers(
  { columns }: EntityMetadata,
  prove: () => Promise<void>,
): Promise<void> {
  const others = columns.filter((column) => column.transformer && !boundColumn(column))
  const transformers = others.map(({ transformer }) => transformer)
  try {
    for (const column of others) column.transformer = undefined
    await prove()
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

/** What an upsert overwrites is named by its columns, which the companions are to be among. */
function proveUpsert(dataSource: DataSource, metadata: EntityMetadata): void {
  const { target, primaryColumns } = metadata
  const columns = encryptedColumnsOf(metadata)
    .map(({ column }) => column)
    .filter(({ isInsert, isUpdate }) => isInsert && isUpdate)
  const companions = companionsOf(metadata).filter(
    ({ column }) => column.isInsert && column.isUpdate,
  )
  const isUpsert = dataSource.driver.supportedUpsertTypes.length > 0 && primaryColumns.length > 0
  if (!isUpsert || companions.length === 0) return
  const namesOf = (all: readonly ColumnMetadata[]) => all.map(({ databaseName }) => databaseName)
  const [sql] = dataSource
    .createQueryBuilder()
    .insert()
    .into(target)
    .values(canaries(columns))
    .orUpdate(namesOf(columns), namesOf(primaryColumns))
    .getQueryAndParameters()
  for (const { column, index } of companions) {
    // Its first mention is among the columns of the INSERT
    if (sql.split(dataSource.driver.escape(column.databaseName)).length > 2) continue
    const { property } = index.members[0]
    throw brokenAt(property, "does not write its blind index in an upsert")
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
export function canaries(columns: readonly ColumnMetadata[]): ObjectLiteral {
  return columns.map((column) => column.createValueMap(CANARY)).reduce(merge, {})
}

/** Merges values of properties, those of embedded entities too. */
export function merge(one: ObjectLiteral, other: ObjectLiteral): ObjectLiteral {
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

/** An order would follow the ciphertext, whether it is said by a builder or by find options. */
function proveOrder(
  dataSource: DataSource,
  { target }: EntityMetadata,
  column: ColumnMetadata,
  { property }: BoundColumn,
): void {
  const order = column.createValueMap("ASC")
  const builder = () => dataSource.createQueryBuilder(target, "canary")
  const queries = [
    () => builder().orderBy(`canary.${column.propertyPath}`),
    () => builder().setFindOptions({ order }),
  ]
  for (const query of queries) {
    if (!isRefused(query)) throw brokenAt(property, "lets an order by it reach the database")
  }
}

function isRefused(query: () => Pick<QueryBuilder<ObjectLiteral>, "getQuery">): boolean {
  try {
    query().getQuery()
    return false
  } catch (error) {
    if (error instanceof UnsupportedQueryError) return true
    throw error
  }
}

/** What a caller's string compares goes to an index as well. */
function proveString(
  dataSource: DataSource,
  metadata: EntityMetadata,
  { column, sources, index }: Companion,
): void {
  const [source, ...others] = sources
  // Of several indexes, a string asks the first
  const first = companionsOf(metadata).find(
    (one) => one.sources.length === 1 && one.sources[0] === source,
  )
  if (!source || others.length > 0 || index.truncated || first?.index !== index) return
  const query = () =>
    dataSource
      .createQueryBuilder(metadata.target, "canary")
      .where(`canary.${source.propertyPath} = :canary`, { canary: CANARY })
  const name = dataSource.driver.escape(column.databaseName)
  if (asks(query, `${name} `)) return
  throw brokenAt(index.members[0].property, "does not answer a string by its blind index")
}

/** Says at which column this version of TypeORM is not as it is relied on to be. */
export function brokenAt(property: string, what: string): EncryptionError {
  return brokenSeam(`${property}: this combination of TypeORM version and database driver ${what}`)
}

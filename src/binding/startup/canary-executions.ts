import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"

import { EncryptionError, UnsupportedQueryError } from "../../errors"
import { BlindEqual } from "../../search/blind-equal"
import { CANARY, CANARY_TOKEN, CHECKED_CANARY } from "../canary-value"
import { encryptedColumnsOf } from "../columns/encrypted-columns"
import { type Companion, companionsOf } from "../indexes/companion"
import type { ColumnMetadata } from "../typeorm-internals"
import { answeringRunner, rowFor } from "./answering-runner"
import { brokenAt, canaries, merge } from "./canary"

/**
 * Proves, by statements that are answered and never sent, what happens after a database has answered:
 * what a truncated index found is checked, what a write returned is decrypted, a property that was not
 * loaded stays so, and what was sought is shown by no error.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export async function proveExecutions(
  dataSource: DataSource,
  metadata: EntityMetadata,
): Promise<void> {
  for (const companion of companionsOf(metadata)) {
    if (companion.index.truncated) await proveChecks(dataSource, metadata, companion)
    else await proveRedaction(dataSource, metadata, companion)
  }
  if (metadata.tableType === "view") return
  await proveReturning(dataSource, metadata)
  await proveUnloaded(dataSource, metadata)
}

/** A truncated index finds two rows, of which one has the value. */
async function proveChecks(
  dataSource: DataSource,
  { target, primaryColumns }: EntityMetadata,
  { sources, index }: Companion,
): Promise<void> {
  const sought = BlindEqual(CHECKED_CANARY, { index: index.name })
  const selected = [...primaryColumns, ...sources]
  const builder = () =>
    dataSource
      .createQueryBuilder(target, "canary")
      .select(selected.map(({ propertyPath }) => `canary.${propertyPath}`))
      .where(sources.map((source) => source.createValueMap(sought)).reduce(merge, {}))
      .setQueryRunner(
        answeringRunner(dataSource, (sql) => [
          rowFor(dataSource, sql, sources),
          rowFor(dataSource, sql, sources, { cell: null, other: 2 }),
        ]),
      )
      .callListeners(false)
      .cache(false)
  try {
    const found = await builder().getMany()
    const [page, count] = await builder().getManyAndCount()
    const isChecked = found.length === 1 && page.length === 1 && count === 1
    if (isChecked && (await builder().getCount()) === 1) return
  } catch (error) {
    // What would yield unchecked rows is refused
    if (!(error instanceof UnsupportedQueryError)) throw error
  }
  throw brokenAt(index.members[0].property, "does not check what its blind index of few bits finds")
}

/** What is sought and not found is printed by the error. */
async function proveRedaction(
  dataSource: DataSource,
  { target }: EntityMetadata,
  { sources, index }: Companion,
): Promise<void> {
  const where = sources.map((source) => source.createValueMap(CANARY)).reduce(merge, {})
  const manager = dataSource.createEntityManager(answeringRunner(dataSource, () => []))
  const [error] = await Promise.allSettled([manager.findOneByOrFail(target, where)])
  const shown = error.status === "rejected" ? String(error.reason) : ""
  // A condition that is refused, as of another index, shows nothing
  if (error.status === "rejected" && error.reason instanceof EncryptionError) return
  if (shown.includes("(encrypted)")) return
  throw brokenAt(index.members[0].property, "shows what is sought in an EntityNotFoundError")
}

/** What a database returns for an INSERT comes into entities and raw results. */
async function proveReturning(dataSource: DataSource, metadata: EntityMetadata): Promise<void> {
  if (!dataSource.driver.isReturningSqlSupported("insert")) return
  const columns = encryptedColumnsOf(metadata).filter(({ column }) => column.isInsert)
  const row = columns.map(({ column }) => [column.databaseName, CANARY_TOKEN] as const)
  const paths = columns.map(({ column }) => column.propertyPath)
  const result = await dataSource
    .createQueryBuilder()
    .insert()
    .into(metadata.target)
    .values(canaries(columns.map(({ column }) => column)))
    .returning(paths)
    .setQueryRunner(answeringRunner(dataSource, () => [Object.fromEntries(row)]))
    .callListeners(false)
    .execute()
  const [first] = result.raw as readonly ObjectLiteral[]
  for (const { column, bound } of columns) {
    const [map] = result.generatedMaps
    const isRead = map !== undefined && column.getEntityValue(map) === CANARY
    if (isRead && first?.[column.databaseName] === CANARY) continue
    throw brokenAt(bound.property, "does not decrypt what an INSERT returns")
  }
}

/** A save sets what is undefined to null, which the next save would write over what is stored. */
async function proveUnloaded(dataSource: DataSource, metadata: EntityMetadata): Promise<void> {
  const columns = encryptedColumnsOf(metadata).map(({ column }) => column)
  const unloaded = columns.find(({ isNullable, isUpdate }) => isNullable && isUpdate)
  const written = columns.find((one) => one !== unloaded && one.isUpdate)
  if (!unloaded || !written) return
  const statements: string[] = []
  const runner = answeringRunner(dataSource, (sql) => {
    statements.push(sql)
    return [rowFor(dataSource, sql, columns, { cell: null })]
  })
  const entity = metadata.create() as ObjectLiteral
  for (const key of metadata.primaryColumns) key.setEntityValue(entity, 1)
  written.setEntityValue(entity, CANARY)
  await saved(dataSource.createEntityManager(runner), metadata, entity)
  // What is taken for a new row is given null rightly
  if (!statements.some((sql) => sql.startsWith("UPDATE"))) return
  if (statements.some((sql) => sql.startsWith("INSERT"))) return
  if (unloaded.getEntityValue(entity) !== null) return
  throw brokenAt(propertyOf(metadata, unloaded), "takes it for NULL where it was not loaded")
}

/** An entity may need more than the canary knows of; nothing is proven then. */
async function saved(
  manager: EntityManager,
  { target }: EntityMetadata,
  entity: ObjectLiteral,
): Promise<void> {
  await Promise.allSettled([manager.save(target, entity, { transaction: false, listeners: false })])
}

function propertyOf({ name }: EntityMetadata, { propertyPath }: ColumnMetadata): string {
  return `${name}.${propertyPath}`
}

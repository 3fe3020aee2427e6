import type { DataSource, EntityMetadata, ObjectLiteral } from "typeorm"

import type { EncryptionError } from "../../errors"
import { CANARY } from "../canary-value"
import { boundColumn } from "../columns/bound-column"
import { brokenSeam, type ColumnMetadata } from "../typeorm-internals"
import { answeringRunner, rowFor } from "./answering-runner"

/**
 * Proves that what this version of TypeORM reads is decrypted on its way into an entity: by a SELECT
 * that is answered with a canary in every encrypted column, and is not sent.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export async function proveReads(dataSource: DataSource, metadata: EntityMetadata): Promise<void> {
  const columns = metadata.columns.filter(
    (column) => boundColumn(column) !== undefined && isOwn(metadata, column),
  )
  const [first] = columns
  if (!first) return
  const entity = await canaryEntity(dataSource, metadata, columns)
  for (const column of columns) {
    if (entity && column.getEntityValue(entity) === CANARY) continue
    throw unread(column)
  }
}

/** TypeORM reads the columns of a child of single-table inheritance into the child only. */
function isOwn({ childEntityMetadatas }: EntityMetadata, { target }: ColumnMetadata): boolean {
  return !childEntityMetadatas.some((child) => child.target === target)
}

async function canaryEntity(
  dataSource: DataSource,
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
): Promise<ObjectLiteral | undefined> {
  const selected = [...metadata.primaryColumns, ...columns]
  const builder = dataSource
    .createQueryBuilder(metadata.target, "canary")
    .select(selected.map(({ propertyPath }) => `canary.${propertyPath}`))
    .setQueryRunner(answeringRunner(dataSource, (sql) => [rowFor(dataSource, sql, columns)]))
    // What the application does when an entity is loaded is none of the canary's business
    .callListeners(false)
    .cache(false)
  try {
    const [entity] = await builder.getMany()
    return entity
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function unread(column: ColumnMetadata): EncryptionError {
  const property = boundColumn(column)?.property ?? column.propertyPath
  return brokenSeam(
    `${property}: this combination of TypeORM version and database driver does not decrypt it in a ` +
      "SELECT",
  )
}

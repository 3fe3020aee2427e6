import type { DataSource, EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { EncryptionError, UnsupportedQueryError } from "../errors"
import { type BoundColumn, boundColumn } from "./bound-column"
import { CANARY, CANARY_TOKEN } from "./canary-value"
import type { ColumnMetadata } from "./column-metadata"

/**
 * Proves, by statements that are built and never sent, that this version of TypeORM passes every
 * encrypted column through the seams: written values are encrypted on INSERT and UPDATE, and a
 * comparison is refused. If a version ever does not, the application does not start.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export function proveSeams(dataSource: DataSource): void {
  for (const metadata of dataSource.entityMetadatas) {
    for (const column of metadata.columns) {
      const bound = boundColumn(column)
      if (!bound) continue
      if (metadata.tableType !== "view") proveWrites(dataSource, metadata, column, bound)
      proveGuard(dataSource, metadata, column, bound)
    }
  }
}

function proveWrites(
  dataSource: DataSource,
  { target }: EntityMetadata,
  column: ColumnMetadata,
  { property }: BoundColumn,
): void {
  const values: ObjectLiteral = column.createValueMap(CANARY)
  const builder = () => dataSource.createQueryBuilder()
  if (column.isInsert && !isEncrypted(builder().insert().into(target).values(values))) {
    throw brokenSeam(property, "does not encrypt it in an INSERT")
  }
  if (column.isUpdate && !isEncrypted(builder().update(target).set(values))) {
    throw brokenSeam(property, "does not encrypt it in an UPDATE")
  }
}

function isEncrypted(write: Pick<QueryBuilder<ObjectLiteral>, "getQueryAndParameters">): boolean {
  try {
    const [, sent] = write.getQueryAndParameters()
    return sent.includes(CANARY_TOKEN) && !sent.includes(CANARY)
  } catch (error) {
    // What is written where values are not encrypted is an operand, which the driver seam refuses
    if (error instanceof UnsupportedQueryError) return false
    throw error
  }
}

function proveGuard(
  dataSource: DataSource,
  { target }: EntityMetadata,
  column: ColumnMetadata,
  { property }: BoundColumn,
): void {
  try {
    dataSource
      .createQueryBuilder(target, "canary")
      .where(column.createValueMap(CANARY_TOKEN))
      .getQueryAndParameters()
  } catch (error) {
    if (error instanceof UnsupportedQueryError) return
    throw error
  }
  throw brokenSeam(property, "lets a comparison with it reach the database")
}

function brokenSeam(property: string, what: string): EncryptionError {
  return new EncryptionError(
    "ERR_SEAM_BROKEN",
    `${property}: this combination of TypeORM version and database driver ${what}. Use versions ` +
      "that typeorm-fernet supports, or report it.",
  )
}

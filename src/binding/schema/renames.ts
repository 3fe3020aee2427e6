import type { EntityMetadata, Table, TableColumn } from "typeorm"

import type { ColumnMetadata, Driver } from "../typeorm-internals"

/** A column that TypeORM takes for another under a new name. */
export interface Rename {
  readonly from: TableColumn
  readonly to: ColumnMetadata
}

/**
 * Foresees which column TypeORM renames: if table and model have as many columns, and one of each is
 * unlike all of the other by name, type, nullability and uniqueness, it takes them for the same; see
 * RdbmsSchemaBuilder.renameColumns.
 */
export function foreseeRename(
  driver: Driver,
  metadata: EntityMetadata,
  table: Table,
): Rename | undefined {
  if (metadata.columns.length !== table.columns.length) return undefined
  const isSame = (column: ColumnMetadata, { name, type, isNullable, isUnique }: TableColumn) =>
    !column.isVirtualProperty &&
    name === column.databaseName &&
    type === driver.normalizeType(column) &&
    isNullable === column.isNullable &&
    isUnique === driver.normalizeIsUnique(column)
  const declared = metadata.columns.filter(
    (column) => !column.isVirtualProperty && !table.columns.some((one) => isSame(column, one)),
  )
  const found = table.columns.filter((one) => !metadata.columns.some((c) => isSame(c, one)))
  const [to] = declared
  const [from] = found
  if (!to || !from || declared.length > 1 || found.length > 1) return undefined
  return from.name === to.databaseName ? undefined : { from, to }
}

import type { DataSource, EntityMetadata, Table } from "typeorm"

import { boundColumn } from "../columns/bound-column"
import { companionAt } from "../indexes/companion"
import type { ColumnMetadata, Driver } from "../typeorm-internals"

/** Returns the path of a table as TypeORM's schema builder compares it. */
export function tablePath(driver: Driver, target: EntityMetadata | Table): string {
  const { tableName, schema, database } = driver.parseTableName(target)
  return driver.buildTableName(tableName, schema ?? driver.schema, database ?? driver.database)
}

/** Returns the entities of a table. */
export function entitiesOf(dataSource: DataSource, table: Table): readonly EntityMetadata[] {
  const path = tablePath(dataSource.driver, table)
  return dataSource.entityMetadatas.filter(
    (metadata) => metadata.tableType !== "view" && tablePath(dataSource.driver, metadata) === path,
  )
}

/** Returns the columns of the model that a column of the database is, by its name. */
export function columnsNamed(
  metadatas: readonly EntityMetadata[],
  name: string,
): readonly ColumnMetadata[] {
  return metadatas.flatMap(({ columns }) =>
    columns.filter((column) => column.databaseName === name && !column.isVirtualProperty),
  )
}

/** Whether a column is encrypted, or the companion of a blind index. */
export function isOurs(column: ColumnMetadata): boolean {
  return boundColumn(column) !== undefined || companionAt(column) !== undefined
}

/** What messages call a column of the model. */
export function labelOf(column: ColumnMetadata): string {
  const bound = boundColumn(column)
  return bound?.property ?? `${column.entityMetadata.name}.${column.databaseName}`
}

import type { EntityMetadata } from "typeorm"

import type { ColumnPlace } from "../../column/column-key"
import type { ColumnMetadata } from "../typeorm-internals"

/** Returns where a column of an entity is. */
export function placeOf(
  { schema, tableName: table }: EntityMetadata,
  { databaseName: column }: ColumnMetadata,
): ColumnPlace {
  return { schema, table, column }
}

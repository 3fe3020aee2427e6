import type { EntityMetadata, ObjectLiteral } from "typeorm"

import type { ColumnMetadata } from "../typeorm-internals"
import { isFindOperator } from "./query-rules"

type Relation = EntityMetadata["relations"][number]

/** Whether TypeORM finds the key of a related entity in a value, as its criteria of writes ask by it. */
export function hasKeys(value: unknown, relation: Relation): boolean {
  if (typeof value !== "object" || value === null || isFindOperator(value)) return false
  const isIn = (column: ColumnMetadata | undefined): boolean =>
    column !== undefined && Boolean(column.getEntityValue(value as ObjectLiteral, false))
  const { joinColumns, isManyToOne, isOneToOne, inverseEntityMetadata } = relation
  const referenced = joinColumns.map(({ referencedColumn }) => referencedColumn)
  if ((isManyToOne || isOneToOne) && referenced.length > 0 && referenced.every(isIn)) return true
  const { primaryColumns } = inverseEntityMetadata
  return primaryColumns.length > 0 && primaryColumns.every(isIn)
}

/** Whether a value is an entity that was loaded, or might have been, and no object of conditions. */
export function isEntity(value: unknown, { target, primaryColumns }: EntityMetadata): boolean {
  if (typeof target !== "function" || !(value instanceof target)) return false
  const entity = value as ObjectLiteral
  return primaryColumns.every((column) => (column.getEntityValue(entity) as unknown) !== undefined)
}

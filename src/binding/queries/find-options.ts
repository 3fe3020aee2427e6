import type { EntityMetadata, FindManyOptions } from "typeorm"

import { boundColumn } from "../columns/bound-column"
import { isFindOperator, unsupportedOrder } from "./query-rules"

/**
 * Refuses to order by an encrypted column, in find options, before TypeORM compiles them.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function checkOrder(metadata: EntityMetadata, { order }: FindManyOptions): void {
  visitColumns(order, metadata, "", (property) => {
    throw unsupportedOrder(property, "an order")
  })
}

type Visit = (property: string) => void

/** Visits the encrypted columns that are named, along embedded entities and relations. */
function visitColumns(said: unknown, metadata: EntityMetadata, prefix: string, visit: Visit): void {
  if (Array.isArray(said)) {
    for (const alternative of said) visitColumns(alternative, metadata, prefix, visit)
    return
  }
  if (typeof said !== "object" || said === null || isFindOperator(said)) return
  // Inherited keys as well, since TypeORM reads them
  for (const key in said) {
    const value = (said as Record<string, unknown>)[key]
    // TypeORM has its own rule for these, the same for every column
    if (value === undefined || value === null) continue
    const path = `${prefix}${key}`
    const column = metadata.findColumnWithPropertyPathStrict(path)
    const bound = column && boundColumn(column)
    if (bound) visit(bound.property)
    if (column) continue
    const relation = metadata.findRelationWithPropertyPath(path)
    if (relation) visitColumns(value, relation.inverseEntityMetadata, "", visit)
    else visitColumns(value, metadata, `${path}.`, visit)
  }
}

import type { EntityMetadata, FindManyOptions } from "typeorm"

import { boundColumn } from "./bound-column"
import { assertAnswerable, isFindOperator, unsupportedOrder } from "./query-rules"

/**
 * Refuses find options that ciphertext cannot answer, before TypeORM compiles them. Most of it would
 * be stopped by the operands in any case; `Raw` functions and ordering leave no operand behind.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function checkFindOptions(metadata: EntityMetadata, options: FindManyOptions): void {
  visitColumns(options.where, metadata, "", (property, condition) => {
    assertAnswerable(property, condition)
  })
  visitColumns(options.order, metadata, "", (property) => {
    throw unsupportedOrder(property, "an order")
  })
}

type Visit = (property: string, value: unknown) => void

/** Visits what is said of encrypted columns, along embedded entities and relations. */
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
    if (bound) visit(bound.property, value)
    if (column) continue
    const relation = metadata.findRelationWithPropertyPath(path)
    if (relation) visitColumns(value, relation.inverseEntityMetadata, "", visit)
    else visitColumns(value, metadata, `${path}.`, visit)
  }
}

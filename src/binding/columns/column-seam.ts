import type { EntityMetadata, ObjectLiteral } from "typeorm"

import type { BoundColumn } from "./bound-column"
import { noteCompared } from "./compared-value"
import { invalidValue } from "./cell-codec"
import { insertedEntities } from "./inserted-entities"
import type { ColumnMetadata } from "../typeorm-internals"
import { unsupportedExpression } from "../queries/query-rules"
import { noteReadInto } from "./sealed-cell"
import { isUnread, keepUnread } from "./unreadable-cells"

/**
 * Binds a column's metadata, which belongs to one DataSource, to an encrypted column: TypeORM reads
 * the transformer from here each time it needs it.
 */
export function bindColumnMetadata(
  column: ColumnMetadata,
  bound: BoundColumn,
  entity: EntityMetadata,
): void {
  column.transformer = bound
  // TypeORM 0.3 would write the operands of the two sides of a comparison down in two ways
  if (column.type === "simple-json") column.type = "text"
  const unread = new UnreadTracker(entity)
  guardReads(column, bound, unread)
  if (column.isNullable) keepUnloaded(column, unread, insertedEntities(entity))
  keepUnread(column)
  if (bound.isSealed) noteEntities(column)
}

/** Sealed values are opened later, when the row that they were in is known by its entity only. */
function noteEntities(column: ColumnMetadata): void {
  const setEntityValue = column.setEntityValue.bind(column)
  column.setEntityValue = (entity: ObjectLiteral, value: unknown): void => {
    noteReadInto(entity, value)
    setEntityValue(entity, value)
  }
}

/**
 * Every value to be written, compared or searched for passes `getEntityValue`. TypeORM splices a
 * function into the statement as SQL, past the transformer, so it is refused here.
 */
function guardReads(column: ColumnMetadata, bound: BoundColumn, unread: UnreadTracker): void {
  const getEntityValue = column.getEntityValue.bind(column)
  column.getEntityValue = (entity: ObjectLiteral, transform = false): unknown => {
    const value: unknown = getEntityValue(entity, false)
    if (typeof value === "function") throw unsupportedExpression(bound.property)
    // TypeORM would skip it, and NULL or the old value would be stored
    if (value instanceof Promise)
      throw invalidValue(bound.property, "a Promise is not a value; await it")
    const read = isUnread(entity, column.propertyPath, value) ? undefined : value
    if (transform) return bound.toStored(read)
    unread.note(entity, value)
    noteCompared(bound, read)
    return read
  }
}

/**
 * After a save, TypeORM sets every nullable property that is `undefined` to `null`. On an entity
 * that was loaded without the column (`select: false`, a partial select) the next save would then
 * write that `null` over the stored value: typeorm#9579, #4910, #2006. Here the property of a row
 * that existed before stays `undefined`, which is "untouched".
 */
function keepUnloaded(
  column: ColumnMetadata,
  unread: UnreadTracker,
  inserted: WeakSet<ObjectLiteral>,
): void {
  const setEntityValue = column.setEntityValue.bind(column)
  column.setEntityValue = (entity: ObjectLiteral, value: unknown): void => {
    if (value === null && unread.isFilling(entity) && !inserted.has(entity)) return
    setEntityValue(entity, value)
  }
}

/**
 * Tells that filling-in from every other `null`: only there is the property of an entity that has
 * its primary key first read as `undefined` and then, next thing, set to `null`.
 */
class UnreadTracker {
  readonly #entity: EntityMetadata
  #noted: WeakRef<ObjectLiteral> | undefined

  constructor(entity: EntityMetadata) {
    this.#entity = entity
  }

  note(entity: unknown, value: unknown): void {
    const isUnread = value === undefined && typeof entity === "object" && entity !== null
    this.#noted = isUnread ? new WeakRef(entity) : undefined
  }

  isFilling(entity: ObjectLiteral): boolean {
    const filling = this.#noted?.deref() === entity
    this.#noted = undefined
    return filling && this.#entity.hasAllPrimaryKeys(entity)
  }
}

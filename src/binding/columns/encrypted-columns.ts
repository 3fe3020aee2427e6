import type { EntityMetadata } from "typeorm"

import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import { type BoundColumn, boundColumn } from "./bound-column"

/** A column, and how it is encrypted. */
export interface EncryptedColumnOf {
  readonly column: ColumnMetadata
  readonly bound: BoundColumn
}

const known = new WeakMap<EntityMetadata, readonly EncryptedColumnOf[]>()

/** Returns the encrypted columns of an entity whose columns are bound. */
export function encryptedColumnsOf(metadata: EntityMetadata): readonly EncryptedColumnOf[] {
  let columns = known.get(metadata)
  if (!columns) {
    columns = metadata.columns.flatMap((column) => {
      const bound = boundColumn(column)
      return bound ? [{ column, bound }] : []
    })
    known.set(metadata, columns)
  }
  return columns
}

/** Whether a query builder is told of an entity that has encrypted columns. */
export function namesEncrypted({ aliases }: ExpressionMap): boolean {
  return aliases.some((alias) => alias.hasMetadata && encryptedColumnsOf(alias.metadata).length > 0)
}

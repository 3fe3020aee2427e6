import type { DataSource } from "typeorm"

import { boundColumn } from "../binding/columns/bound-column"
import type { ColumnMetadata } from "../binding/typeorm-internals"
import { declarationOf } from "../column/declaration"
import { EncryptionError } from "../errors"

/** An encrypted property of a model. */
export interface EncryptedProperty {
  /** The name of the entity. */
  readonly entity: string
  /** Its names from the entity down: one, or those that it is embedded in before it. */
  readonly path: readonly string[]
  /** Its name, the last of them. */
  readonly name: string
  /** The column's name in the database. */
  readonly column: string
  /**
   * The class that declares it: that of the entity, one that it extends, or the embedded one. `undefined`
   * where an `EntitySchema` without a class does.
   */
  readonly declaredBy: (abstract new (...args: never[]) => unknown) | undefined
}

/**
 * Returns the encrypted properties of every entity of a DataSource, inherited and embedded ones among
 * them, once for each entity: for decorators of other libraries, or whatever else must know them.
 *
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` before the DataSource is initialized
 */
export function encryptedProperties(dataSource: DataSource): readonly EncryptedProperty[] {
  if (dataSource.entityMetadatas.length === 0) {
    throw new EncryptionError(
      "ERR_COLUMN_MISUSE",
      "The encrypted properties of a DataSource are known once it is initialized, and it has no " +
        "entities yet. Ask after initialize().",
    )
  }
  return dataSource.entityMetadatas.flatMap(({ name: entity, columns }) =>
    columns.filter(isEncrypted).map((column) => ({
      entity,
      path: [...(column.embeddedMetadata?.parentPropertyNames ?? []), column.propertyName],
      name: column.propertyName,
      column: column.databaseName,
      declaredBy: classOf(column),
    })),
  )
}

/** Whether a column is declared as encrypted, also on a DataSource without keys. */
export function isEncrypted(column: ColumnMetadata): boolean {
  return boundColumn(column) !== undefined || declarationOf(column.transformer) !== undefined
}

function classOf({ target }: ColumnMetadata): EncryptedProperty["declaredBy"] {
  // TypeORM types a class as any function
  return typeof target === "function" ? (target as EncryptedProperty["declaredBy"]) : undefined
}

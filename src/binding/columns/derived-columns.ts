import type { DataSource, EntityMetadata, ValueTransformer } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { mayBeToken } from "../../fernet/token-format"
import type { ColumnMetadata } from "../typeorm-internals"
import { boundColumn } from "./bound-column"

/**
 * Keeps tokens out of a property that is not encrypted, and that the database derives from others: a
 * column of a view, or a virtual one. Nothing in the model says which columns it shows.
 */
export function guardDerivedColumn(
  dataSource: DataSource,
  metadata: EntityMetadata,
  column: ColumnMetadata,
): void {
  const isOfView = metadata.tableType === "view"
  if (!isOfView && !column.isVirtualProperty) return
  const property = `${metadata.name}.${column.propertyPath}`
  const advice = isOfView
    ? "Declare it with @EncryptedColumn(), or encryptedColumn(), in place of the view's column"
    : "Load the encrypted property itself"
  const guard: ValueTransformer = {
    to: (value: unknown) => value,
    from: (value: unknown) => {
      if (!showsToken(dataSource, value)) return value
      throw new UnsupportedQueryError(
        property,
        `${property} is not encrypted, and shows the ciphertext of a column that is. ${advice}.`,
      )
    },
  }
  // What is read passes the last of them first
  column.transformer = [...[column.transformer ?? []].flat(), guard]
}

/** Whether a value is a token of any encrypted column, or a document that has one in it. */
function showsToken(dataSource: DataSource, value: unknown): boolean {
  if (typeof value === "string") return mayBeToken(value) && isToken(dataSource, value)
  if (typeof value !== "object" || value === null) return false
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.values(value).some((member) => showsToken(dataSource, member))
}

/** Whether a text is a token of any encrypted column. */
function isToken({ entityMetadatas }: DataSource, text: string): boolean {
  return entityMetadatas.some(({ columns }) =>
    columns.some((column) => boundColumn(column)?.isOwnToken(text)),
  )
}

import { TableColumn } from "typeorm"

import type { ColumnTarget } from "../../dialect/conversions/conversion"
import { tokenShape } from "../../fernet/token-format"
import { boundColumn } from "../columns/bound-column"
import { companionAt } from "../indexes/companion"
import type { ColumnMetadata, Driver } from "../typeorm-internals"
import { labelOf } from "./table-columns"

/** The part of a column that decides whether TypeORM drops it and adds an empty one. */
export type ColumnType = Pick<TableColumn, "isArray" | "length" | "type">

/** Whether a change of a column is one of its type. */
export function changesType(from: ColumnType, to: ColumnType): boolean {
  return from.type !== to.type || from.length !== to.length || from.isArray !== to.isArray
}

/** Returns the column of the database that the model declares, as far as its type goes. */
export function declaredColumn(driver: Driver, column: ColumnMetadata): TableColumn {
  return new TableColumn({
    name: column.databaseName,
    type: driver.normalizeType(column),
    length: driver.getColumnLength(column),
    isArray: column.isArray,
    isNullable: column.isNullable,
    ...(column.charset !== undefined && { charset: column.charset }),
    ...(column.collation !== undefined && { collation: column.collation }),
    ...(column.comment !== undefined && { comment: column.comment }),
  })
}

/** Returns what an encrypted column or a companion is to become, and what is to read it then. */
export function targetOf(
  column: ColumnMetadata,
  type: string,
  timeZone: string | undefined,
): ColumnTarget {
  const named = { name: column.databaseName, label: labelOf(column), type }
  const bound = boundColumn(column)
  if (!bound) {
    const bits = companionAt(column)?.index.bits ?? 0
    return { ...named, reader: "digest", bits, grows: false, reads: () => true }
  }
  const { codec = "string", legacy, paths } = bound.declaration
  return {
    ...named,
    timeZone,
    // What a legacy form holds is shorter than its text
    grows: legacy === undefined && !paths,
    ...(paths && { isDocument: true }),
    reader: typeof codec === "string" ? codec : "own",
    // Documents are never tokens as a whole
    reads: (text) => (!paths && tokenShape(text) !== "plaintext") || bound.readsPlaintext(text),
  }
}

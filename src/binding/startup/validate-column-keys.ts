import type { EntityMetadata } from "typeorm"

import { columnKeyMisuse, columnKeyOf } from "../../column/column-key"
import { declarationOf } from "../../column/declaration"
import type { ColumnKeyMode } from "../../fernet/column-key"
import { placeOf } from "../columns/column-place"
import type { ColumnMetadata } from "../typeorm-internals"

/** A column whose keys are derived from where it is, and from nothing that was declared. */
interface PlacedColumn {
  readonly property: string
  readonly path: string
  readonly context: string
}

/**
 * Returns what is wrong with the contexts that column keys are derived from where none is declared: a
 * view has not the place of the column it shows, and tables of one name in two databases have one place.
 *
 * @param forAll - the mode of columns that do not say theirs
 */
export function* sharedContexts(
  metadatas: readonly EntityMetadata[],
  forAll: ColumnKeyMode | undefined,
): Iterable<string> {
  const paths = new Map<string, string>()
  for (const metadata of metadatas) {
    const isView = metadata.tableType === "view"
    for (const column of metadata.columns) {
      const placed = placedColumn(metadata, column, forAll)
      if (!placed) continue
      const { property, path, context } = placed
      if (isView) {
        yield `${property} is of a view: give its columnKey the context of the column that it shows.`
        continue
      }
      const other = paths.get(context) ?? path
      paths.set(context, other)
      if (other === path) continue
      yield `${property} would have the keys of the same column of ${other}; give its columnKey a context.`
    }
  }
}

function placedColumn(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  forAll: ColumnKeyMode | undefined,
): PlacedColumn | undefined {
  const declaration = declarationOf(column.transformer)
  if (!declaration || columnKeyMisuse(declaration.columnKey).length > 0) return undefined
  if (typeof declaration.columnKey === "object") return undefined
  const columnKey = columnKeyOf(declaration.columnKey, forAll, placeOf(metadata, column))
  if (!columnKey) return undefined
  return {
    property: `${metadata.name}.${column.propertyPath}`,
    path: metadata.tablePath,
    context: JSON.stringify(columnKey.context),
  }
}

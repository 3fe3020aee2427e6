import type { ColumnMetadata } from "../typeorm-internals"

/** The keys that lead to a column's value in an entity; in each may be a dot, as between those of its path. */
export function propertyKeys(column: ColumnMetadata): readonly string[] {
  const { embeddedMetadata, propertyName, propertyPath } = column
  const keys = [...(embeddedMetadata?.parentPropertyNames ?? []), propertyName]
  // The column of a relation is at a property of what it leads to
  const related = propertyPath.slice(keys.join(".").length + 1)
  return related === "" ? keys : [...keys, related]
}

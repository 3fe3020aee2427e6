import type { EntityMetadata } from "typeorm"

import type { UniqueScope } from "../../column/blind-index"
import type { ColumnMetadata } from "../typeorm-internals"

/** Among which rows a blind index is unique, by columns of the table. */
export interface ScopePlan {
  readonly within: readonly ColumnMetadata[]
  readonly whereNull: readonly ColumnMetadata[]
  /** What was named and is neither a property nor a relation of the class or the entity. */
  readonly unknown: readonly string[]
}

/**
 * Resolves the properties of a scope, which stand in the class of the index or in the entity.
 *
 * @param prefix - the path of the class in the entity, with a dot behind it, or nothing
 */
export function planScope(
  metadata: EntityMetadata,
  prefix: string,
  { within, whereNull }: UniqueScope,
): ScopePlan {
  const unknown: string[] = []
  const columns = (paths: unknown): readonly ColumnMetadata[] =>
    namesOf(paths).flatMap((path) => {
      const found = columnsAt(metadata, `${prefix}${path}`) ?? columnsAt(metadata, path)
      if (!found) unknown.push(path)
      return found ?? []
    })
  return { within: columns(within), whereNull: columns(whereNull), unknown }
}

/** What is no list of names is complained of when the model is validated. */
function namesOf(paths: unknown): readonly string[] {
  return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : []
}

function columnsAt(metadata: EntityMetadata, path: string): readonly ColumnMetadata[] | undefined {
  const column = metadata.findColumnWithPropertyPathStrict(path)
  if (column) return [column]
  const joined = metadata.findRelationWithPropertyPath(path)?.joinColumns ?? []
  return joined.length > 0 ? joined : undefined
}

/**
 * Returns the condition of a partial index, or `undefined` if all rows count.
 *
 * @param escape - quotes a name as the database does
 */
export function scopeCondition(
  { whereNull }: ScopePlan,
  escape: (name: string) => string,
): string | undefined {
  if (whereNull.length === 0) return undefined
  return whereNull.map(({ databaseName }) => `${escape(databaseName)} IS NULL`).join(" AND ")
}

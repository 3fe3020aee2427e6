import type { EntityMetadata, ObjectLiteral } from "typeorm"

import { type ExpressionMap, plainValueOf } from "../typeorm-internals"
import type { EventKey } from "./events"
import { FEW_ROWS } from "./tally"

/** Returns the primary keys of entities, or of objects with some of their properties, if they are few. */
export function entityKeys(
  { primaryColumns }: EntityMetadata,
  entities: readonly unknown[],
): readonly EventKey[] | undefined {
  if (entities.length > FEW_ROWS || primaryColumns.length === 0) return undefined
  const keys = entities.map((entity) =>
    primaryColumns.map((column): KeyParts[number] => [
      column.propertyPath,
      // What is no entity has no value
      isObject(entity) ? plainValueOf(column, entity) : undefined,
    ]),
  )
  return wholeKeys(keys)
}

/**
 * Returns the primary keys of the rows that a query builder was about, by what its execution returned:
 * entities, or a report of a write.
 */
export function rowsOf(map: ExpressionMap, result: unknown): readonly EventKey[] | undefined {
  const metadata = map.mainAlias?.hasMetadata ? map.mainAlias.metadata : undefined
  if (!metadata) return undefined
  if (map.queryType === "update") {
    const { whereEntities } = map
    return whereEntities.length > 0 ? entityKeys(metadata, whereEntities) : undefined
  }
  const found = entitiesIn(result)
  return found && entityKeys(metadata, found)
}

/** As TypeORM's methods return them. */
function entitiesIn(result: unknown): readonly unknown[] | undefined {
  if (!isObject(result)) return undefined
  if (Array.isArray(result)) return Array.isArray(result[0]) ? result[0] : undefined
  const { entities, identifiers } = result as Readonly<Record<string, unknown>>
  const list = entities ?? identifiers
  return Array.isArray(list) ? list : undefined
}

/** Returns the primary keys of raw rows, by the names of their columns or these after an alias. */
export function rawKeys(
  { primaryColumns }: EntityMetadata,
  rows: readonly object[],
): readonly EventKey[] | undefined {
  if (rows.length > FEW_ROWS || primaryColumns.length === 0) return undefined
  const keys = rows.map((row) =>
    primaryColumns.map(({ propertyPath, databaseName }): KeyParts[number] => {
      const named = Object.entries(row).filter(
        ([name]) => name === databaseName || name.endsWith(`_${databaseName}`),
      )
      // Of two that fit, neither is known to be it
      return [propertyPath, named.length === 1 ? named[0]?.[1] : undefined]
    }),
  )
  return wholeKeys(keys)
}

type KeyParts = readonly (readonly [path: string, value: unknown])[]

function wholeKeys(keys: readonly KeyParts[]): readonly EventKey[] | undefined {
  const isWhole = keys.every((parts) => parts.every(([, value]) => (value ?? null) !== null))
  return isWhole ? keys.map((parts) => Object.fromEntries(parts)) : undefined
}

function isObject(value: unknown): value is ObjectLiteral {
  return typeof value === "object" && value !== null
}

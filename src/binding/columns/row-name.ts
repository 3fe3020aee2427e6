import type { EntityMetadata, ObjectLiteral } from "typeorm"

import { plainValueOf } from "../typeorm-internals"

/** Returns the primary key of an entity by property; `undefined` unless it has all of it. */
export function primaryKeyOf(
  { primaryColumns }: EntityMetadata,
  entity: ObjectLiteral,
): Readonly<Record<string, unknown>> | undefined {
  const parts = primaryColumns.map(
    (column) => [column.propertyPath, plainValueOf(column, entity)] as const,
  )
  const isWhole = parts.length > 0 && parts.every(([, value]) => (value ?? undefined) !== undefined)
  return isWhole ? Object.fromEntries(parts) : undefined
}

/** Returns what a row is called in a message, by its primary key. */
export function rowName(primaryKey: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(primaryKey).map(([path, value]) => `${path} ${textOf(value)}`)
  return `the row with ${parts.join(" and ")}`
}

function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("hex") : String(value)
}

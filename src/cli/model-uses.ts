import type { DataSource, EntityMetadata } from "typeorm"

import type { ColumnMetadata } from "../binding/typeorm-internals"
import { names } from "../dialect/column-uses"

/** One thing in a model that uses a column, worded to follow "the model has". */
export type ModelUse = string

/** Finds what the entities of a DataSource say of a column, beside that it is one. */
export function findModelUses(
  { entityMetadatas }: DataSource,
  metadata: EntityMetadata,
  column: ColumnMetadata,
): readonly ModelUse[] {
  const isIt = (other: ColumnMetadata): boolean =>
    other.entityMetadata.tablePath === metadata.tablePath &&
    other.databaseName === column.databaseName
  const isSaid = (text: unknown): boolean =>
    names(text, column.databaseName) || names(text, column.propertyName)
  const { indices, uniques, checks, exclusions } = metadata
  const foreignKeys = entityMetadatas.flatMap((one) => one.foreignKeys)
  return [
    ...(column.isPrimary ? ["it as a part of the primary key"] : []),
    ...(column.default === undefined ? [] : ["a default of it"]),
    ...indices
      .filter(({ columns, where }) => columns.some(isIt) || isSaid(where))
      .map(({ name }) => `the index ${name}`),
    ...uniques
      .filter(({ columns }) => columns.some(isIt))
      .map(({ name }) => `the unique constraint ${name}`),
    ...[...checks, ...exclusions]
      .filter(({ expression }) => isSaid(expression))
      .map(({ name }) => `the constraint ${name}`),
    ...foreignKeys
      .filter(({ columns, referencedColumns }) => [...columns, ...referencedColumns].some(isIt))
      .map(({ name }) => `the foreign key ${name}`),
    ...Object.keys(metadata.orderBy ?? {})
      .filter((path) => path === column.propertyPath || path === column.databaseName)
      .map(() => `the order of ${metadata.name}`),
    ...metadata.columns
      .filter((other) => isSaid(other.asExpression) || isSaid(other.query?.(metadata.tableName)))
      .map(({ propertyPath }) => `${metadata.name}.${propertyPath}, which is computed`),
    ...entityMetadatas.flatMap((view) =>
      isSaid(textOf(view.expression)) ? [`the view ${view.name}`] : [],
    ),
  ]
}

/** A view's SELECT, or the source of the function that builds it. */
function textOf(expression: EntityMetadata["expression"]): string {
  return typeof expression === "function" ? String(expression) : (expression ?? "")
}

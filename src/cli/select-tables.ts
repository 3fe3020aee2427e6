import type { DataSource, EntityMetadata } from "typeorm"

import { encryptedColumns, type BulkColumn, type EntityColumns } from "../bulk/bulk-target"
import { UsageError } from "./exit-code"

/** What a command is to work on, by the names the user gave; all if none. */
export interface Selection {
  /** Names of entities or of their tables. */
  readonly entity?: readonly string[] | undefined
  /** Encrypted properties, as `Entity.property`. */
  readonly column?: readonly string[] | undefined
}

/** A table, or the part of one that an entity sees, and its encrypted columns. */
export interface SelectedTable {
  readonly name: string
  readonly metadata: EntityMetadata
  readonly target: EntityColumns
  readonly columns: readonly BulkColumn[]
}

/** One encrypted column of an entity. */
interface EntityColumn {
  readonly metadata: EntityMetadata
  readonly property: string
  readonly column: BulkColumn
}

/**
 * Looks up what a command is to work on. A column of a table that several entities map is taken
 * once, from the entity that has most of them.
 *
 * @throws {@link UsageError} naming what there is, if a name fits nothing
 */
export function selectTables(
  dataSource: DataSource,
  { entity = [], column = [] }: Selection,
): readonly SelectedTable[] {
  const all = dataSource.entityMetadatas
    .filter(({ tableType }) => tableType !== "view")
    .map((metadata) => columnsOf(dataSource, metadata))
    .sort((a, b) => b.length - a.length)
    .flat()
  if (all.length === 0) throw new UsageError("The DataSource has no encrypted columns.")
  const everything = entity.length === 0 && column.length === 0
  const chosen = [
    ...entity.flatMap((name) => pick(all, name, "entity", hasName)),
    ...column.flatMap((name) => pick(all, name, "column", hasLabel)),
  ]
  return grouped(onceEach(everything ? all : chosen))
}

function columnsOf(dataSource: DataSource, metadata: EntityMetadata): readonly EntityColumn[] {
  return [...encryptedColumns(metadata, dataSource)].map(([property, column]) => ({
    metadata,
    property,
    column,
  }))
}

function hasName({ metadata }: EntityColumn, name: string): boolean {
  return [metadata.name, metadata.tableName, metadata.tablePath].includes(name)
}

function hasLabel({ column }: EntityColumn, label: string): boolean {
  return column.label === label
}

function pick(
  all: readonly EntityColumn[],
  name: string,
  kind: "column" | "entity",
  fits: (column: EntityColumn, name: string) => boolean,
): readonly EntityColumn[] {
  const picked = all.filter((column) => fits(column, name))
  if (picked.length > 0) return picked
  const known = all.map(({ metadata, column }) =>
    kind === "entity" ? metadata.name : column.label,
  )
  const what = kind === "entity" ? "entity with encrypted columns" : "encrypted column"
  throw new UsageError(`${name} is no ${what}; there are ${[...new Set(known)].join(", ")}.`)
}

function onceEach(columns: readonly EntityColumn[]): readonly EntityColumn[] {
  const byCell = new Map<string, EntityColumn>()
  for (const entityColumn of columns) {
    const { metadata, column } = entityColumn
    const cell = JSON.stringify([metadata.tablePath, column.name])
    if (!byCell.has(cell)) byCell.set(cell, entityColumn)
  }
  return [...byCell.values()]
}

function grouped(columns: readonly EntityColumn[]): readonly SelectedTable[] {
  return [...new Set(columns.map(({ metadata }) => metadata))]
    .map((metadata) => {
      const own = columns.filter((column) => column.metadata === metadata)
      return {
        name: metadata.tablePath,
        metadata,
        target: { entity: metadata.target, properties: own.map(({ property }) => property) },
        columns: own.map(({ column }) => column),
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

import type { DataSource, EntityMetadata } from "typeorm"

import { type BulkColumn, encryptedColumns, type EntityColumns } from "./bulk-target"

/** A table, or the part of one that an entity sees, and its encrypted columns. */
export interface EncryptedTable {
  readonly name: string
  readonly metadata: EntityMetadata
  readonly target: EntityColumns
  readonly columns: readonly BulkColumn[]
}

/** One encrypted column of an entity. */
export interface EntityColumn {
  readonly metadata: EntityMetadata
  readonly property: string
  readonly column: BulkColumn
}

/** Returns the encrypted columns of all entities, those of the entity that has most of them first. */
export function entityColumns(dataSource: DataSource): readonly EntityColumn[] {
  return dataSource.entityMetadatas
    .filter(({ tableType }) => tableType !== "view")
    .map((metadata) => columnsOf(dataSource, metadata))
    .sort((a, b) => b.length - a.length)
    .flat()
}

/** Returns the tables of columns by their names. Of a column that several entities map, the first counts. */
export function tablesOf(columns: readonly EntityColumn[]): readonly EncryptedTable[] {
  return grouped(onceEach(columns))
}

function columnsOf(dataSource: DataSource, metadata: EntityMetadata): readonly EntityColumn[] {
  return [...encryptedColumns(metadata, dataSource)].map(([property, column]) => ({
    metadata,
    property,
    column,
  }))
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

function grouped(columns: readonly EntityColumn[]): readonly EncryptedTable[] {
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

import type { DataSource } from "typeorm"

import {
  type EncryptedTable,
  type EntityColumn,
  entityColumns,
  tablesOf,
} from "../bulk/encrypted-tables"
import { UsageError } from "./exit-code"

/** What a command is to work on, by the names the user gave; all if none. */
export interface Selection {
  /** Names of entities or of their tables. */
  readonly entity?: readonly string[] | undefined
  /** Encrypted properties, as `Entity.property`. */
  readonly column?: readonly string[] | undefined
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
): readonly EncryptedTable[] {
  const all = entityColumns(dataSource)
  if (all.length === 0) throw new UsageError("The DataSource has no encrypted columns.")
  const everything = entity.length === 0 && column.length === 0
  const chosen = [
    ...entity.flatMap((name) => pick(all, name, "entity", hasName)),
    ...column.flatMap((name) => pick(all, name, "column", hasLabel)),
  ]
  return tablesOf(everything ? all : chosen)
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

import type { DataSource, EntityMetadata } from "typeorm"

import { type IndexPlan, planIndexes } from "../binding/indexes/index-plan"
import {
  type BlindIndexDeclaration,
  blindIndexOptionNames,
  declaredIndexes,
} from "../column/blind-index"
import { ColumnMisuseError } from "../errors"
import {
  type BlindIndexDefinition,
  companionProperty,
  defineIndex,
  type IndexPlace,
} from "../search/blind-index-definition"
import type { BulkColumn } from "./bulk-target"
import { requireKnown } from "./options"

/** A blind index whose companion column is written along with the columns it covers. */
export interface BulkIndex {
  /** The name of its companion column in the database. */
  readonly name: string
  /** What messages call it: `Entity.companion` or `table.companion`. */
  readonly label: string
  readonly definition: BlindIndexDefinition
  /** The names of the columns it covers, in its order. */
  readonly sources: readonly string[]
}

/** Returns the blind indexes of an entity that cover none but the given columns. */
export function entityIndexes(
  metadata: EntityMetadata,
  columns: readonly BulkColumn[],
  naming: DataSource["namingStrategy"],
): readonly BulkIndex[] {
  const indexes = planIndexes(metadata).map((plan) => toBulkIndex(metadata.name, plan, naming))
  return indexes.filter(({ sources }) => sources.every((name) => includes(columns, name)))
}

function toBulkIndex(
  entity: string,
  plan: IndexPlan,
  naming: DataSource["namingStrategy"],
): BulkIndex {
  const { name } = plan.definition
  return {
    // A naming strategy may rewrite names that are given
    name: naming.columnName(companionProperty(name), name, []),
    label: `${entity}.${name}`,
    definition: plan.definition,
    sources: plan.sources.map(({ databaseName }) => databaseName),
  }
}

/**
 * Returns the blind indexes that a table's description declares.
 *
 * @param place - where the table is
 * @throws TypeError if an option is unknown
 * @throws {@link ColumnMisuseError} if one covers a column that is not described
 */
export function describedIndexes(
  label: string,
  place: Omit<IndexPlace, "columns">,
  declarations: readonly (readonly [column: string, BlindIndexDeclaration | undefined])[],
  columns: readonly BulkColumn[],
): readonly BulkIndex[] {
  return declarations.flatMap(([column, declaration]) =>
    declaredIndexes(declaration).map((options) => {
      requireKnown(`A blind index of ${label}.${column}`, options, blindIndexOptionNames)
      const sources = [column, ...(options.with ?? [])]
      const missing = sources.filter((source) => !includes(columns, source))
      if (missing.length > 0) {
        throw new ColumnMisuseError([
          `${label}.${column} has a blind index with ${missing.join(", ")}, which is not described.`,
        ])
      }
      const definition = defineIndex(options, { ...place, columns: sources })
      return { name: definition.name, label: `${label}.${definition.name}`, definition, sources }
    }),
  )
}

function includes(columns: readonly BulkColumn[], name: string): boolean {
  return columns.some((column) => column.name === name)
}

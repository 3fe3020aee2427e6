import type { EntityMetadata } from "typeorm"

import { type IndexPlan, planIndexes, schemeOf } from "../binding/indexes/index-plan"
import {
  type BlindIndexDeclaration,
  blindIndexOptionNames,
  declaredIndexes,
} from "../column/blind-index"
import { ColumnMisuseError } from "../errors"
import type { BlindIndexScheme } from "../search/blind-index"
import { companionName, indexContext } from "../search/index-defaults"
import type { BulkColumn } from "./bulk-target"
import { requireKnown } from "./options"

/** A blind index whose companion column is written along with the columns it covers. */
export interface BulkIndex {
  /** The name of its companion column in the database. */
  readonly name: string
  /** What messages call it: `Entity.companion` or `table.companion`. */
  readonly label: string
  readonly scheme: Omit<BlindIndexScheme, "members">
  /** The names of the columns it covers, in its order. */
  readonly sources: readonly string[]
}

/** Returns the blind indexes of an entity that cover none but the given columns. */
export function entityIndexes(
  metadata: EntityMetadata,
  columns: readonly BulkColumn[],
): readonly BulkIndex[] {
  const indexes = planIndexes(metadata).map((plan) => toBulkIndex(metadata.name, plan))
  return indexes.filter(({ sources }) => sources.every((name) => includes(columns, name)))
}

function toBulkIndex(entity: string, plan: IndexPlan): BulkIndex {
  return {
    name: plan.name,
    label: `${entity}.${plan.name}`,
    scheme: schemeOf(plan),
    sources: plan.sources.map(({ databaseName }) => databaseName),
  }
}

/**
 * Returns the blind indexes that a table's description declares.
 *
 * @param name - of the table, without its schema
 * @throws TypeError if an option is unknown
 * @throws {@link ColumnMisuseError} if one covers a column that is not described
 */
export function describedIndexes(
  label: string,
  name: string,
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
      const companion = options.name ?? companionName(sources)
      const context = options.context ?? indexContext(name, sources, companion)
      const scheme = schemeOf({ name: companion, context, options })
      return { name: companion, label: `${label}.${companion}`, scheme, sources }
    }),
  )
}

function includes(columns: readonly BulkColumn[], name: string): boolean {
  return columns.some((column) => column.name === name)
}

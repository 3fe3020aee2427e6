import type { EntityMetadata } from "typeorm"

import { type BlindIndexOptions, declaredIndexes } from "../../column/blind-index"
import { declarationOf, type EncryptedColumnDeclaration } from "../../column/declaration"
import { type BlindIndexDefinition, defineIndex } from "../../search/blind-index-definition"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"
import { planScope, type ScopePlan } from "./unique-scope"

/** A blind index that a column declares, in the model. */
export interface IndexPlan {
  /** Where it was declared. */
  readonly declaredOn: ColumnMetadata
  /** As they were given. */
  readonly options: BlindIndexOptions
  readonly definition: BlindIndexDefinition
  /** The columns it covers, the one it was declared on first. */
  readonly sources: readonly ColumnMetadata[]
  /** Among which rows it is unique, if not among all. */
  readonly scope: ScopePlan | undefined
  /** Properties it was to cover and that the class does not have. */
  readonly unknown: readonly string[]
}

/** Returns the blind indexes that the encrypted columns of an entity declare. */
export function planIndexes(metadata: EntityMetadata): readonly IndexPlan[] {
  return metadata.columns.flatMap((column) =>
    declaredIndexes(declaredOn(column)?.blindIndex).map((options) =>
      planIndex(metadata, column, options),
    ),
  )
}

/** Bound or not: plans are made to validate the model, and again to carry them out. */
function declaredOn(column: ColumnMetadata): EncryptedColumnDeclaration | undefined {
  return boundColumn(column)?.declaration ?? declarationOf(column.transformer)
}

function planIndex(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  options: BlindIndexOptions,
): IndexPlan {
  const prefix = column.propertyPath.slice(0, -column.propertyName.length)
  const others: unknown = options.with
  const found = (Array.isArray(others) ? (others as readonly string[]) : []).map(
    (property) => metadata.findColumnWithPropertyPathStrict(`${prefix}${property}`) ?? property,
  )
  const sources = [column, ...found.filter((one) => typeof one !== "string")]
  const columns = sources.map(({ databaseName }) => databaseName)
  const { schema, tableName: table } = metadata
  const unique: unknown = options.unique
  const place = { schema, table, columns }
  return {
    declaredOn: column,
    options,
    definition: defineIndex(withPrefix(options, column), place),
    sources,
    scope:
      typeof unique === "object" && unique !== null && !Array.isArray(unique)
        ? planScope(metadata, prefix, unique)
        : undefined,
    unknown: found.filter((one) => typeof one === "string"),
  }
}

/** A class may be embedded several times, and the columns of each have names of their own. */
function withPrefix(
  options: BlindIndexOptions,
  { embeddedMetadata }: ColumnMetadata,
): BlindIndexOptions {
  const name: unknown = options.name
  const prefixes = embeddedMetadata?.parentPrefixes ?? []
  if (typeof name !== "string" || name === "" || prefixes.length === 0) return options
  return { ...options, name: [...prefixes, name].join("_") }
}

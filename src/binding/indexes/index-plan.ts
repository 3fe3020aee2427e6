import type { EntityMetadata } from "typeorm"

import { type BlindIndexOptions, declaredIndexes } from "../../column/blind-index"
import { declarationOf, type EncryptedColumnDeclaration } from "../../column/declaration"
import type { BlindIndexScheme } from "../../search/blind-index"
import { companionName, indexContext } from "../../search/index-defaults"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"

/** A blind index as its declaration has it, with everything it leaves open filled in. */
export interface IndexPlan {
  /** Where it was declared. */
  readonly declaredOn: ColumnMetadata
  readonly options: BlindIndexOptions
  /** The property and database name of the companion column. */
  readonly name: string
  readonly context: string
  /** The columns it covers, the one it was declared on first. */
  readonly sources: readonly ColumnMetadata[]
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
  const names = sources.map(({ databaseName }) => databaseName)
  const name = options.name ?? companionName(names)
  return {
    declaredOn: column,
    options,
    name,
    context: options.context ?? indexContext(metadata.tableName, names, name),
    sources,
    unknown: found.filter((one) => typeof one === "string"),
  }
}

/** Returns how the index of a plan is made, but for its members. */
export function schemeOf({
  name,
  context,
  options,
}: Pick<IndexPlan, "context" | "name" | "options">): Omit<BlindIndexScheme, "members"> {
  const { normalize = [], bits, unique = false } = options
  const isOne = typeof normalize === "string" || typeof normalize === "function"
  return { name, context, normalize: isOne ? [normalize] : normalize, bits, unique }
}

import type { EntityMetadata } from "typeorm"

import type { UnsupportedQueryError } from "../../errors"
import { soughtBy } from "../../search/blind-equal"
import { isBlindOperator } from "../../search/blind-operator"
import type { BoundColumn } from "../columns/bound-column"
import type { ColumnMetadata } from "../typeorm-internals"
import { type Companion, companionsOf } from "../indexes/companion"
import { isFindOperator, unindexed, unsupportedCondition } from "./query-rules"

/** An encrypted property and the companions of the indexes over it alone. */
export interface Indexed {
  readonly path: string
  readonly bound: BoundColumn
  readonly companions: readonly Companion[]
  /** An index that covers it along with others. */
  readonly joint: Companion | undefined
}

/** Returns what there is of an encrypted property to ask by. */
export function indexedProperty(
  metadata: EntityMetadata,
  { propertyPath: path }: ColumnMetadata,
  bound: BoundColumn,
): Indexed {
  const all = companionsOf(metadata).filter(({ sources }) =>
    sources.some(({ propertyPath }) => propertyPath === path),
  )
  return {
    path,
    bound,
    companions: all.filter(({ sources }) => sources.length === 1),
    joint: all.find(({ sources }) => sources.length > 1),
  }
}

/** Says that no index answers a condition on the property, and what one would. */
export function unanswerable({
  bound: { property, declaration },
  companions,
  joint,
}: Indexed): UnsupportedQueryError {
  if (companions.length > 0) return unsupportedCondition(property, "equality")
  const members = joint?.index.members.map((member) => member.property)
  return unsupportedCondition(property, members ?? unindexed(declaration))
}

/**
 * The values of which a condition asks for any; `undefined` if it asks for anything else, or asks
 * another index than the one of that name.
 */
export function soughtIn(condition: unknown, index: string): readonly unknown[] | undefined {
  const sought = soughtBy(condition)
  if (sought) {
    const asksOther = sought.index !== undefined && sought.index !== index
    return asksOther ? undefined : sought.values
  }
  if (condition === undefined || condition === null || isBlindOperator(condition)) return undefined
  if (!isFindOperator(condition)) return [condition]
  const { child, value } = condition
  // Whose value TypeORM gives for that of the outer one
  if (child) return undefined
  switch (condition.type as string) {
    case "equal":
      return [value]
    case "any":
    case "in":
      return Array.isArray(value) ? (value as readonly unknown[]) : undefined
    default:
      return undefined
  }
}

import fc from "fast-check"

import { encryptedAt, entities, type EntityName } from "../model/description"
import type { Operation } from "./case"
import type { Condition, ObjectCondition } from "./condition"
import type { Clause, Step } from "./steps"
import type { Comparison, Text } from "./text"

/**
 * Returns a query whose object conditions on encrypted properties are written as strings, in a random
 * spelling that the conditions decide; `undefined` if none of them can be.
 */
export function respelt(operation: Operation): Operation | undefined {
  if (operation.kind !== "query") return undefined
  const steps = operation.steps.map((step) => respeltStep(step, "root"))
  const isChanged = JSON.stringify(steps) !== JSON.stringify(operation.steps)
  return isChanged ? { ...operation, steps } : undefined
}

function respeltStep({ method, where }: Step, alias: string): Step {
  return { method, where: respeltClause(where, alias) }
}

function respeltClause(clause: Clause, alias: string): Clause {
  switch (clause.kind) {
    case "object":
      return textOf(clause, alias) ?? clause
    case "brackets":
      return { ...clause, steps: clause.steps.map((step) => respeltStep(step, alias)) }
    case "nested":
      return { ...clause, steps: clause.steps.map((step) => respeltStep(step, "nested")) }
    case "text":
      return clause
  }
}

function textOf(
  { entity, where }: Extract<Clause, { readonly kind: "object" }>,
  alias: string,
): Text | undefined {
  if (where.kind !== "object" || where.relations.length > 0) return undefined
  if (where.properties.length === 0 || asksSeveral(entity, where)) return undefined
  const comparisons = where.properties.map(({ path, condition }) => {
    const said = encryptedAt(entity, path) && comparisonOf(condition)
    return said && { alias, entity, path, ...said, ...spellingOf(path, condition) }
  })
  if (!comparisons.every((one) => one !== undefined)) return undefined
  return { kind: "text", joint: "AND", comparisons }
}

/** Whether an index over several properties answers the object, where a string asks one for each. */
function asksSeveral(entity: EntityName, { properties }: ObjectCondition): boolean {
  return entities[entity].indexes.some(
    ({ members }) =>
      members.length > 1 && members.every((path) => properties.some((one) => one.path === path)),
  )
}

type Said = Pick<Comparison, "operator" | "values">

function comparisonOf(condition: Condition, negated = false): Said | undefined {
  switch (condition.kind) {
    case "value":
    case "equal":
      return { operator: negated ? "<>" : "=", values: [condition.value] }
    case "in":
      // SQL has no empty list
      if (condition.values.length === 0) return undefined
      return { operator: negated ? "NOT IN" : "IN", values: condition.values }
    case "isNull":
      return { operator: negated ? "IS NOT NULL" : "IS NULL", values: [] }
    case "not":
      return comparisonOf(condition.of, !negated)
    default:
      return undefined
  }
}

const SPELLINGS = ["property", "column", "escaped"] as const

function spellingOf(path: string, condition: Condition): Pick<Comparison, "flipped" | "spelling"> {
  const random = Math.abs(fc.hash(path + JSON.stringify(condition)))
  return { spelling: SPELLINGS[random % SPELLINGS.length] ?? "property", flipped: random % 2 === 0 }
}

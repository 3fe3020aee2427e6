import type { FindOperator } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { isBlindOperator } from "../../search/blind-operator"
import { markOf } from "../typeorm-internals"

/**
 * Lets a condition on an encrypted column pass only if the database can answer it: `IsNull`, `Not`,
 * `And` and `Or` of it, and what was compiled to conditions on blind indexes.
 *
 * @param property - the column, as `Entity.property`
 * @throws {@link UnsupportedQueryError} for every other operator and for plain values
 */
export function assertAnswerable(property: string, condition: unknown): void {
  if (!isAnswerable(condition)) throw unsupportedCondition(property, "nothing")
}

/** Whether the database can answer a condition on ciphertext as it is. */
export function isAnswerable(condition: unknown): boolean {
  if (isBlindOperator(condition)) return true
  if (!isFindOperator(condition)) return false
  switch (condition.type as string) {
    case "isNull":
      return true
    case "not":
      return isAnswerable(condition.child)
    case "and":
    case "or": {
      const parts: unknown = condition.value
      return Array.isArray(parts) && parts.every(isAnswerable)
    }
    default:
      return false
  }
}

/** By TypeORM's own mark, since an application may hold operators of a second copy of TypeORM. */
export function isFindOperator(value: unknown): value is FindOperator<unknown> {
  if (typeof value !== "object" || value === null) return false
  const mark = markOf(value)
  return mark === Symbol.for("FindOperator") || mark === Symbol.for("EqualOperator")
}

/**
 * A condition that cannot be answered.
 *
 * @param answers - what blind indexes answer: nothing if there are none, equality, or equality of
 * these properties together
 */
export function unsupportedCondition(
  property: string,
  answers: "equality" | "nothing" | readonly string[],
): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted: ${whatWorks(answers)} Otherwise load the rows by another property ` +
      "and compare in the application.",
  )
}

function whatWorks(answers: "equality" | "nothing" | readonly string[]): string {
  switch (answers) {
    case "equality":
      return (
        "its blind index answers equality only, that is a plain value, Equal, In, BlindEqual, " +
        "BlindIn, IsNull, and Not, And and Or of these."
      )
    case "nothing":
      return (
        "the database cannot compare it with a value. Only IsNull() and Not(IsNull()) work in a " +
        "condition on it; equality does with @EncryptedColumn({ blindIndex: true })."
      )
    default:
      return (
        `its blind index covers ${answers.join(", ")} together, and answers a condition with one ` +
        "value for each of them."
      )
  }
}

/** An order, group or aggregate over ciphertext. */
export function unsupportedOrder(property: string, what: string): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted: ${what} would follow the ciphertext. Load the rows and do it in ` +
      "the application.",
  )
}

/** A SQL expression as the value of an encrypted column. */
export function unsupportedExpression(property: string): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted: what a SQL expression yields cannot be encrypted. Pass the value ` +
      "itself, or write a token of `encryptFor` with a raw statement.",
  )
}

import type { FindOperator } from "typeorm"

import { canBeIndexed, type EncryptedColumnDeclaration } from "../../column/declaration"
import { UnsupportedQueryError } from "../../errors"
import { isBlindOperator } from "../../search/blind-operator"
import { markOf } from "../typeorm-internals"

/** What blind indexes answer of an encrypted property. */
export type Answers =
  /** There are none. */
  | "nothing"
  /** There can be none. */
  | "nothing ever"
  /** What is left in plaintext in a document. */
  | "a document"
  | "equality"
  /** Equality of these properties together. */
  | readonly string[]

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

/** What is answered of a column as long as no blind index covers it. */
export function unindexed(declaration: EncryptedColumnDeclaration): Answers {
  if (declaration.paths) return "a document"
  return canBeIndexed(declaration) ? "nothing" : "nothing ever"
}

/** A condition that cannot be answered. */
export function unsupportedCondition(property: string, answers: Answers): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted: ${whatWorks(answers)} Otherwise load the rows by another property ` +
      "and compare in the application.",
  )
}

function whatWorks(answers: Answers): string {
  switch (answers) {
    case "equality":
      return (
        "its blind index answers equality only, that is a plain value, Equal, In, Any, " +
        "BlindEqual, BlindIn, IsNull, and Not, And and Or of these."
      )
    case "a document":
      return (
        "parts of its documents are tokens, so a document equals none. IsNull(), Not(IsNull()), and " +
        "JsonContains() and Raw() for the parts that are not encrypted work in a condition on it."
      )
    case "nothing":
    case "nothing ever":
      return (
        "the database cannot compare it with a value. Only IsNull() and Not(IsNull()) work in a " +
        (answers === "nothing"
          ? "condition on it; equality does with @EncryptedColumn({ blindIndex: true })."
          : "condition on it, and its codec takes no blind index.")
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

/** An upsert that is to write changed values only, of which the database sees tokens. */
export function unsupportedSkip(property: string): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted: skipUpdateIfNoValuesChanged compares it in the database, where two tokens ` +
      "of one value differ. Give it a blind index with all bits and no normalization, which tells " +
      "whether a value changes, or leave the option out.",
  )
}

import { FindOperator } from "typeorm"

import { pathAskedFor } from "../../column/documents/named-parts"
import { UnsupportedQueryError } from "../../errors"
import type { BoundColumn } from "../columns/bound-column"
import { isAnswerable, isFindOperator, unsupportedCondition } from "./query-rules"

/**
 * A condition on what is left in plaintext in documents, as the caller made it: the column's transformer
 * would put a value in the place of the caller's that nothing compares with.
 */
class DocumentOperator extends FindOperator<unknown> {
  /** By this mark it is told from what is still to be compiled, as by a second copy of the package. */
  readonly "@typeorm-fernet/blind" = true

  /** Has no value that a transformer could change. */
  override transformValue(): void {
    // Nothing to do
  }
}

/**
 * Returns what TypeORM is to compile of a condition on a column of documents: presence, what documents
 * contain, and SQL of the caller's, which is looked at with the statement that it is a part of.
 *
 * @throws {@link UnsupportedQueryError} if it asks for what is encrypted, or for whole documents
 */
export function documentCondition(condition: unknown, bound: BoundColumn): unknown {
  if (isAnswerable(condition)) return condition
  if (!isFindOperator(condition)) throw unsupportedCondition(bound.property, "a document")
  const { child } = condition
  const inner: unknown = child ?? condition.value
  switch (condition.type as string) {
    case "jsonContains":
      requireUnnamed(inner, bound)
      return copyOf(condition, inner)
    case "raw":
      return copyOf(condition, inner)
    case "not":
      return copyOf(condition, documentCondition(inner, bound))
    case "and":
    case "or":
      if (!Array.isArray(inner)) break
      return copyOf(
        condition,
        inner.map((one: unknown) => documentCondition(one, bound)),
      )
  }
  throw unsupportedCondition(bound.property, "a document")
}

function requireUnnamed(pattern: unknown, { property, paths }: BoundColumn): void {
  const parsed: unknown = typeof pattern === "string" ? documentOf(pattern) : pattern
  const path = pathAskedFor(parsed, paths)
  if (path) throw encryptedPart(property, path.label)
}

/** The document of a text, or the text itself, which is then one. */
export function documentOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Says that a condition asks for a part of documents that is encrypted. */
export function encryptedPart(property: string, label: string): UnsupportedQueryError {
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted at ${label}, of which the database sees tokens: nothing there can be ` +
      "compared but with NULL. Ask for other parts of the document, or load the rows and compare in the " +
      "application.",
  )
}

function copyOf(operator: FindOperator<unknown>, value: unknown): DocumentOperator {
  const { type, useParameter, multipleParameters, getSql, objectLiteralParameters } = operator
  return new DocumentOperator(
    type,
    value,
    useParameter,
    multipleParameters,
    getSql,
    objectLiteralParameters,
  )
}

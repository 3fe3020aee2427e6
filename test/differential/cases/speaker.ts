import type { DataSource } from "typeorm"

import { Sealed } from "../../../src"
import {
  encryptedAt,
  type EntityName,
  type IndexDescription,
  indexesOf,
  keyPath,
  normalized,
  type Scalar,
} from "../model/description"

/** A value that a case seeks or writes: given, or a token copied from the table. */
export type Value =
  | {
      readonly kind: "given"
      readonly value: Scalar
      /** Whether the encrypted model is given it in a `Sealed`. */
      readonly sealed?: boolean
    }
  | { readonly kind: "document"; readonly json: string }
  | {
      readonly kind: "token"
      readonly entity: EntityName
      readonly path: string
      readonly row: number
    }

/**
 * How one of the two models puts a case: the encrypted one as users write it, the plain one by the
 * key columns, which hold what an index compares.
 */
export interface Speaker {
  readonly encrypts: boolean
  readonly dataSource: DataSource
  /** The cell of the encrypted table, the same for both models. */
  readonly token: (entity: EntityName, path: string, row: number) => string | undefined
}

/** A value as it is passed to TypeORM. */
export type Spoken = Scalar | Sealed<unknown> | object

/** Says a value as one of the models has it. */
export function spoken(speaker: Speaker, value: Value): Spoken {
  if (value.kind === "given") {
    return speaker.encrypts && value.sealed ? Sealed.of(value.value) : value.value
  }
  if (value.kind === "document") return JSON.parse(value.json) as object
  return speaker.token(value.entity, value.path, value.row) ?? "gAAAAA"
}

/** The index that a condition on a property asks, unless it names another one. */
export function askedIndex(
  entity: EntityName,
  path: string,
  named?: string,
): IndexDescription | undefined {
  const covering = indexesOf(entity, path)
  if (named !== undefined) return covering.find(({ name }) => name === named)
  return covering[0]
}

/** The path to compare with what {@link sought} returns. */
export function comparedPath(
  speaker: Speaker,
  path: string,
  index: IndexDescription | undefined,
): string {
  return speaker.encrypts || !index ? path : keyPath(index, path)
}

/** A sought value: for the plain model, as the index would have it. */
export function sought(
  speaker: Speaker,
  value: Value,
  index: IndexDescription | undefined,
): Spoken {
  if (speaker.encrypts || value.kind === "document") return spoken(speaker, value)
  // A token is no value of the column, and equals none
  if (value.kind === "token") return MATCHES_NOTHING
  return index ? normalized(index, value.value) : value.value
}

const MATCHES_NOTHING = "no value of any row"

/** Sets a property along with its key columns, in an object that is written. */
export function assign(
  speaker: Speaker,
  entity: EntityName,
  target: Record<string, unknown>,
  path: string,
  value: Spoken | undefined,
): void {
  setAt(target, path, value)
  if (speaker.encrypts || !encryptedAt(entity, path)) return
  for (const index of indexesOf(entity, path)) {
    const key = value === undefined ? value : normalized(index, value as Scalar)
    setAt(target, keyPath(index, path), key)
  }
}

/** Sets a value at a path such as `contact.city`. */
export function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const [head = "", ...rest] = path.split(".")
  if (rest.length === 0) target[head] = value
  else setAt((target[head] ??= {}) as Record<string, unknown>, rest.join("."), value)
}

import type { EntityMetadata } from "typeorm"

import { writesPlaintext } from "../../column/phase"
import { UnsupportedQueryError } from "../../errors"
import { boundColumn } from "../columns/bound-column"
import type { ColumnMetadata, ExpressionMap } from "../typeorm-internals"
import { type Companion, companionsOf } from "./companion"

/**
 * Compiles what a query builder is about to write, completed so that the companion columns of blind
 * indexes follow the properties they cover. Builder and the caller's objects stay as they are.
 *
 * @throws {@link UnsupportedQueryError} if a companion would be left behind
 */
export function compileWrite(map: ExpressionMap, compile: () => string): string {
  const { mainAlias, queryType, valuesSet, insertColumns, onUpdate } = map
  if (!mainAlias?.hasMetadata) return compile()
  const companions = companionsOf(mainAlias.metadata)
  try {
    if (queryType === "update") completeUpdate(map, companions)
    if (queryType === "insert") {
      completeColumns(map, companions)
      completeUpsert(map, mainAlias.metadata, companions)
    }
    return compile()
  } finally {
    Object.assign(map, { valuesSet, insertColumns, onUpdate })
  }
}

/** An UPDATE writes the properties it is given; TypeORM's own come with the companions already. */
function completeUpdate(map: ExpressionMap, companions: readonly Companion[]): void {
  const { valuesSet } = map as { readonly valuesSet?: unknown }
  // Without set() it is the class, whose own properties are called name and length
  if (typeof valuesSet !== "object" || valuesSet === null || Array.isArray(valuesSet)) return
  const added: Record<string, unknown> = {}
  for (const companion of companions) {
    const value = companion.column.isUpdate ? companion.updatedBy(valuesSet) : undefined
    if (value !== undefined) added[companion.index.path] = value
  }
  if (Object.keys(added).length === 0) return
  const completed: Record<string, unknown> = {}
  // Inherited keys as well, since TypeORM writes them
  for (const key in valuesSet) completed[key] = (valuesSet as Record<string, unknown>)[key]
  map.valuesSet = { ...completed, ...added }
}

/** As in `into(User, ["email"])`. */
function completeColumns(map: ExpressionMap, companions: readonly Companion[]): void {
  if (map.insertColumns.length === 0) return
  const given = map.insertColumns
  for (const { index, members } of companions.map(withPaths)) {
    const others = map.insertColumns.filter((path) => path !== index.path)
    const isComplete = members.every((path) => given.includes(path))
    map.insertColumns = isComplete ? [...others, index.path] : others
  }
}

function withPaths({ index }: Companion): {
  readonly index: Companion["index"]
  readonly members: readonly string[]
} {
  return { index, members: index.members.map(({ path }) => path) }
}

/** As `upsert` and `orUpdate` have it: by names of the database. */
function completeUpsert(
  map: ExpressionMap,
  metadata: EntityMetadata,
  companions: readonly Companion[],
): void {
  const { onUpdate } = map
  if (onUpdate === undefined) return
  const { overwrite, conflict, columns } = onUpdate
  refuseParameters(metadata, columns)
  map.onUpdate = {
    ...onUpdate,
    ...(overwrite && { overwrite: completeOverwrite(overwrite, companions) }),
    ...(Array.isArray(conflict) && { conflict: completeConflict(metadata, conflict, companions) }),
  }
}

function completeOverwrite(
  overwrite: readonly string[],
  companions: readonly Companion[],
): string[] {
  const completed = [...overwrite]
  for (const companion of companions) {
    const { databaseName } = companion.column
    const names = sourceNames(companion)
    const written = names.filter((name) => overwrite.includes(name))
    const isNamed = completed.includes(databaseName)
    if (written.length === 0 && isNamed) throw companion.setByHand()
    if (written.length > 0 && written.length < names.length) throw companion.incomplete()
    if (written.length > 0 && !isNamed) completed.push(databaseName)
  }
  return completed
}

/**
 * What is unique about an encrypted property is the companion of its unique blind index; while it is
 * stored in plaintext, the column itself.
 */
function completeConflict(
  metadata: EntityMetadata,
  conflict: readonly string[],
  companions: readonly Companion[],
): string[] {
  let completed = [...conflict]
  // Of two that fit, the one over more properties
  const bySize = [...companions].sort((a, b) => b.sources.length - a.sources.length)
  for (const companion of bySize.filter(({ index }) => index.unique)) {
    if (companion.sources.some(isInPlaintext)) continue
    const names = sourceNames(companion)
    if (!names.every((name) => completed.includes(name))) continue
    const rest = completed.filter((name) => !names.includes(name))
    completed = [...new Set([...rest, companion.column.databaseName])]
  }
  for (const name of completed) {
    const column = metadata.findColumnWithDatabaseName(name)
    const bound = column && boundColumn(column)
    if (bound && !writesPlaintext(bound.phase)) {
      throw new UnsupportedQueryError(
        bound.property,
        `${bound.property} is encrypted: it cannot be the conflict path of an upsert without a ` +
          "blind index that is unique. Declare blindIndex: { unique: true }, or use another path.",
      )
    }
  }
  return completed
}

function isInPlaintext(source: ColumnMetadata): boolean {
  const bound = boundColumn(source)
  return bound !== undefined && writesPlaintext(bound.phase)
}

/** Written as `column = :column` with parameters of the caller's, past the encryption. */
function refuseParameters(metadata: EntityMetadata, columns: readonly string[] = []): void {
  for (const name of columns) {
    const column = metadata.findColumnWithDatabaseName(name)
    const bound = column && boundColumn(column)
    if (!bound) continue
    throw new UnsupportedQueryError(
      bound.property,
      `${bound.property} is encrypted, and the columns of orUpdate() are written in plaintext. ` +
        "Name it in the list of columns to overwrite instead.",
    )
  }
}

function sourceNames({ sources }: Companion): readonly string[] {
  return sources.map(({ databaseName }) => databaseName)
}

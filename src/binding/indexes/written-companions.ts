import type { EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { writesPlaintext } from "../../column/phase"
import { UnsupportedQueryError } from "../../errors"
import { boundColumn } from "../columns/bound-column"
import { encryptedColumnsOf } from "../columns/encrypted-columns"
import { isUnread } from "../columns/unreadable-cells"
import { FEWEST_VALUES } from "../columns/write-ahead"
import {
  brokenSeam,
  type ColumnMetadata,
  type ExpressionMap,
  plainValueOf,
} from "../typeorm-internals"
import { type Companion, companionsOf } from "./companion"
import { type ScopePlan, scopeCondition } from "./unique-scope"

/** How many statements are being compiled, one inside another. */
let compiling = 0

/** Companions that the statement being compiled leaves at NULL. */
let left: ReadonlySet<Companion> = new Set()

/** Whether a value is asked for to be written, and not to be compared with what there is. */
export function isWriting(): boolean {
  return compiling > 0
}

/** Whether a companion is to have no value in the statement that is being compiled. */
export function isLeft(companion: Companion): boolean {
  return left.has(companion)
}

/** How an upsert is compiled. */
interface UpsertCompilation {
  /** Quotes a name as the database does. */
  readonly escape: (name: string) => string
  readonly late: Set<Companion> | undefined
}

/**
 * Compiles what a query builder is about to write, completed so that the companion columns of blind
 * indexes follow the properties they cover. Builder and the caller's objects stay as they are.
 *
 * @param late - takes the companions that the statement leaves at NULL, since it writes only some of the
 * properties they cover; they are completed when it was executed. Without it such a write is refused
 * @throws {@link UnsupportedQueryError} if a companion would be left behind
 */
export function compileWrite(
  builder: QueryBuilder<ObjectLiteral>,
  late: Set<Companion> | undefined,
  compile: () => string,
): string {
  const map: ExpressionMap = builder.expressionMap
  const { mainAlias, queryType, valuesSet, insertColumns, onUpdate } = map
  if (queryType !== "update" && queryType !== "insert") return compile()
  if (!mainAlias?.hasMetadata || encryptedColumnsOf(mainAlias.metadata).length === 0) {
    return compile()
  }
  let complete = (statement: string): string => statement
  let ahead: Ahead = NOTHING_AHEAD
  const companions = companionsOf(mainAlias.metadata)
  const outer = left
  compiling++
  try {
    if (queryType === "update") {
      leaveUnread(map, mainAlias.metadata)
      completeUpdate(map, companions, late)
    }
    if (queryType === "insert") {
      completeColumns(map, companions)
      const escape = (name: string): string => builder.escape(name)
      complete = completeUpsert(map, mainAlias.metadata, companions, { escape, late })
      ahead = makeAhead(map, mainAlias.metadata)
    }
    left = late ?? new Set()
    return complete(compile())
  } finally {
    for (const one of ahead) one.forgetAhead()
    left = outer
    compiling--
    Object.assign(map, { valuesSet, insertColumns, onUpdate })
  }
}

/** What made cells ahead. */
type Ahead = readonly { forgetAhead(): void }[]

const NOTHING_AHEAD: Ahead = []

/** TypeORM asks for the cells of an INSERT row by row; each column's are made together. */
function makeAhead(map: ExpressionMap, metadata: EntityMetadata): Ahead {
  const { valuesSet, insertColumns } = map
  if (!Array.isArray(valuesSet) || valuesSet.length < FEWEST_VALUES) return NOTHING_AHEAD
  const rows = valuesSet as readonly ObjectLiteral[]
  const isInserted = ({ isInsert, propertyPath }: ColumnMetadata): boolean =>
    isInsert && (insertColumns.length === 0 || insertColumns.includes(propertyPath))
  const columns = encryptedColumnsOf(metadata).filter(({ column }) => isInserted(column))
  const companions = companionsOf(metadata).filter(({ column }) => isInserted(column))
  for (const { column, bound } of columns) {
    bound.encryptAhead(rows.map((row) => plainValueOf(column, row)))
  }
  for (const companion of companions) companion.storeAhead(rows)
  return [...columns.map(({ bound }) => bound), ...companions]
}

/** Whether a write holds only some of the properties that an index covers, whose companion it leaves. */
export function leavesCompanions(map: ExpressionMap): boolean {
  const { mainAlias, queryType, onUpdate } = map
  if (!mainAlias?.hasMetadata) return false
  const companions = companionsOf(mainAlias.metadata).filter(({ sources }) => sources.length > 1)
  if (queryType === "update") return companions.some((companion) => isLeftByUpdate(map, companion))
  const overwrite = queryType === "insert" ? onUpdate?.overwrite : undefined
  return overwrite !== undefined && companions.some((one) => isLeftByOverwrite(overwrite, one))
}

/** Only where the rows are known by their keys can they be looked for afterwards. */
function isLeftByUpdate(map: ExpressionMap, companion: Companion): boolean {
  const { valuesSet, whereEntities } = map as {
    readonly valuesSet?: unknown
    readonly whereEntities: readonly unknown[]
  }
  if (whereEntities.length === 0 || !companion.column.isUpdate) return false
  if (typeof valuesSet !== "object" || valuesSet === null || Array.isArray(valuesSet)) return false
  return companion.isCoveredInPart(valuesSet)
}

function isLeftByOverwrite(overwrite: readonly string[], companion: Companion): boolean {
  const names = sourceNames(companion)
  const written = names.filter((name) => overwrite.includes(name))
  return written.length > 0 && written.length < names.length
}

/** An UPDATE writes the properties it is given; TypeORM's own come with the companions already. */
function completeUpdate(
  map: ExpressionMap,
  companions: readonly Companion[],
  late: Set<Companion> | undefined,
): void {
  const { valuesSet } = map as { readonly valuesSet?: unknown }
  // Without set() it is the class, whose own properties are called name and length
  if (typeof valuesSet !== "object" || valuesSet === null || Array.isArray(valuesSet)) return
  const added: Record<string, unknown> = {}
  for (const companion of companions) {
    if (!companion.column.isUpdate) continue
    const isLate = isLeftByUpdate(map, companion)
    if (isLate) late?.add(companion)
    const value = isLate && late ? null : companion.updatedBy(valuesSet)
    if (value !== undefined) added[companion.index.path] = value
  }
  if (Object.keys(added).length === 0) return
  const completed: Record<string, unknown> = {}
  // Inherited keys as well, since TypeORM writes them
  for (const key in valuesSet) completed[key] = (valuesSet as Record<string, unknown>)[key]
  map.valuesSet = { ...completed, ...added }
}

/** An entity may be given as the values, and hold what stands in place of a cell that was not read. */
function leaveUnread(map: ExpressionMap, metadata: EntityMetadata): void {
  const { valuesSet } = map as { readonly valuesSet?: unknown }
  if (typeof valuesSet !== "object" || valuesSet === null) return
  const values = valuesSet as ObjectLiteral
  const left = metadata.columns.filter((column) =>
    isUnread(values, column.propertyPath, plainValueOf(column, values)),
  )
  if (left.length === 0) return
  const embedded = left.find(({ propertyPath }) => propertyPath.includes("."))
  if (embedded) throw overwritesUnread(embedded)
  const paths = new Set(left.map(({ propertyPath }) => propertyPath))
  const read: Record<string, unknown> = {}
  for (const key in values)
    if (!paths.has(key)) read[key] = (values as Record<string, unknown>)[key]
  map.valuesSet = read
}

/** One of several rows would have NULL put over what it could not read. */
function refuseUnread({ valuesSet }: ExpressionMap, overwritten: readonly ColumnMetadata[]): void {
  for (const values of [valuesSet ?? []].flat() as readonly ObjectLiteral[]) {
    const column = overwritten.find((one) =>
      isUnread(values, one.propertyPath, plainValueOf(one, values)),
    )
    if (column) throw overwritesUnread(column)
  }
}

function overwritesUnread(column: ColumnMetadata): UnsupportedQueryError {
  const property = boundColumn(column)?.property ?? column.propertyPath
  return new UnsupportedQueryError(
    property,
    `${property} could not be read, and the write would put NULL over what is stored. Give it a ` +
      "value, or use save(), which leaves it as it is.",
  )
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

/**
 * As `upsert` and `orUpdate` have it: by names of the database. Returns what completes the compiled
 * statement.
 */
function completeUpsert(
  map: ExpressionMap,
  metadata: EntityMetadata,
  companions: readonly Companion[],
  { escape, late }: UpsertCompilation,
): (statement: string) => string {
  const { onUpdate } = map
  if (onUpdate === undefined) return (statement) => statement
  const { overwrite, conflict, columns, indexPredicate } = onUpdate
  refuseParameters(metadata, columns)
  refuseUnread(
    map,
    metadata.columns.filter(({ databaseName }) => overwrite?.includes(databaseName)),
  )
  const found = Array.isArray(conflict)
    ? completeConflict(metadata, conflict, companions)
    : undefined
  map.onUpdate = {
    ...onUpdate,
    ...(overwrite && { overwrite: completeOverwrite(overwrite, companions, late) }),
    ...(found && { conflict: found.conflict }),
  }
  const where = found?.scope && scopeCondition(found.scope, escape)
  if (!found || where === undefined || indexPredicate !== undefined) return (statement) => statement
  return (statement) => withPredicate(statement, found.conflict.map(escape), where)
}

/** TypeORM's own option for it is for PostgreSQL only, and quoted as a name by 0.3. */
function withPredicate(statement: string, conflict: readonly string[], where: string): string {
  const target = `ON CONFLICT ( ${conflict.join(", ")} )`
  const at = statement.lastIndexOf(target)
  if (at < 0) throw brokenSeam("TypeORM's ON CONFLICT is not spelt as it was")
  const end = at + target.length
  return `${statement.slice(0, end)} WHERE ${where}${statement.slice(end)}`
}

function completeOverwrite(
  overwrite: readonly string[],
  companions: readonly Companion[],
  late: Set<Companion> | undefined,
): string[] {
  const completed = [...overwrite]
  for (const companion of companions) {
    const { databaseName } = companion.column
    const names = sourceNames(companion)
    const written = names.filter((name) => overwrite.includes(name))
    const isNamed = completed.includes(databaseName)
    if (written.length === 0 && isNamed) throw companion.setByHand()
    if (isLeftByOverwrite(overwrite, companion)) {
      if (!late) throw companion.incomplete()
      late.add(companion)
    }
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
): { readonly conflict: string[]; readonly scope: ScopePlan | undefined } {
  let completed = [...conflict]
  let scope: ScopePlan | undefined
  // Of two that fit, the one over more properties
  const size = (companion: Companion): number =>
    companion.sources.length + scopeNames(companion).length
  const bySize = [...companions].sort((a, b) => size(b) - size(a))
  const unique = bySize.filter(({ index }) => index.unique)
  for (const companion of unique) {
    if (companion.sources.some(isInPlaintext)) continue
    const names = sourceNames(companion)
    const { databaseName } = companion.column
    const isNamed = completed.includes(databaseName)
    if (!isNamed && !names.every((name) => completed.includes(name))) continue
    if (!scopeNames(companion).every((name) => completed.includes(name))) continue
    const rest = completed.filter((name) => !names.includes(name))
    completed = [...new Set([...rest, databaseName])]
    scope = companion.scope
    // What is left of the path is in the scope
    if (scope) break
  }
  for (const name of completed) {
    const column = metadata.findColumnWithDatabaseName(name)
    const bound = column && boundColumn(column)
    if (bound && !writesPlaintext(bound.phase)) {
      const scoped = unique.find(({ sources }) => sources.includes(column))
      if (scoped?.scope) throw outsideScope(bound.property, scoped)
      throw new UnsupportedQueryError(
        bound.property,
        `${bound.property} is encrypted: it cannot be the conflict path of an upsert without a ` +
          "blind index that is unique. Declare blindIndex: { unique: true }, or use another path.",
      )
    }
  }
  return { conflict: completed, scope }
}

function scopeNames({ scope }: Companion): readonly string[] {
  return (scope?.within ?? []).map(({ databaseName }) => databaseName)
}

function outsideScope(property: string, { scope }: Companion): UnsupportedQueryError {
  const within = (scope?.within ?? []).map(({ propertyPath }) => propertyPath).join(", ")
  return new UnsupportedQueryError(
    property,
    `${property} is unique within ${within} only, so that it cannot be the conflict path of an ` +
      `upsert alone. Add ${within} to the path.`,
  )
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

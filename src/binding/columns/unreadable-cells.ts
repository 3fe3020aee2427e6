import { createHash } from "node:crypto"

import type { ObjectLiteral } from "typeorm"

import { DecryptionError } from "../../errors"
import type { ColumnMetadata } from "../typeorm-internals"
import { boundColumn } from "./bound-column"
import type { FetchedRow, FetchedRows } from "./fetched-rows"
import { rowName } from "./row-name"
import type { UnreadableHandler } from "./unreadable-handler"

/** Bad cells that are remembered. */
const REMEMBERED = 1000

/**
 * Handles cells that cannot be read while rows become entities: names their row, and asks the
 * application what to do about one that stands beside others that opened.
 */
export class UnreadableCells {
  readonly #fetched: FetchedRows
  readonly #handler: UnreadableHandler | undefined
  /** Digests of cells that stood beside others that opened: bad ones also where they come alone. */
  readonly #known = new Set<string>()
  /** Results that held bad cells, by column. */
  readonly #results = new WeakMap<readonly FetchedRow[], Map<ColumnMetadata, ColumnInResult>>()

  constructor(fetched: FetchedRows, handler: UnreadableHandler | undefined) {
    this.#fetched = fetched
    this.#handler = handler
  }

  /**
   * Returns what the property is to hold in place of the value, marked as unread.
   *
   * @throws {@link DecryptionError} that names the row
   */
  resolve(error: DecryptionError, cell: unknown, column: ColumnMetadata): Unread {
    const located = this.#locate(cell, column)
    const { property, reason } = error
    const named = new DecryptionError(property, reason, messageOf(error, located), located)
    if (!this.#handler || !this.#isOneOfMany(cell, located)) throw named
    const placeholder: unknown = this.#handler(named)
    if (placeholder !== undefined && placeholder !== null) throw named
    return new Unread(placeholder)
  }

  #isOneOfMany(cell: unknown, { othersOpen }: LocatedCell): boolean {
    const digest = createHash("sha256").update(String(cell)).digest("base64")
    if (othersOpen) {
      const [oldest] = this.#known
      if (this.#known.size >= REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
      this.#known.add(digest)
    }
    return this.#known.has(digest)
  }

  /** Looks for the cell in the result that was fetched last. Another one may have come in between. */
  #locate(cell: unknown, column: ColumnMetadata): LocatedCell {
    const { rows } = this.#fetched
    if (!rows) return { primaryKey: undefined, othersOpen: undefined }
    const columns = this.#results.get(rows) ?? new Map<ColumnMetadata, ColumnInResult>()
    this.#results.set(rows, columns)
    const inResult = columns.get(column) ?? new ColumnInResult(rows, column)
    columns.set(column, inResult)
    return inResult.locate(cell)
  }
}

/** Where in a result a cell stands, as far as it could be told. */
interface LocatedCell {
  readonly primaryKey: Readonly<Record<string, unknown>> | undefined
  /** Whether another cell of the column in this result opens. */
  readonly othersOpen: boolean | undefined
}

/** The cells of one column in one result, which is looked through once, however many of them are bad. */
class ColumnInResult {
  readonly #rows: readonly FetchedRow[]
  readonly #column: ColumnMetadata
  readonly #ending: string
  /** The first row with each cell, and the alias of the column there. */
  readonly #places = new Map<unknown, readonly [row: FetchedRow, alias: string]>()
  /** By its alias, cells of the column that open: two different ones if there are as many. */
  readonly #open = new Map<string, readonly unknown[]>()

  constructor(rows: readonly FetchedRow[], column: ColumnMetadata) {
    this.#rows = rows
    this.#column = column
    this.#ending = `_${column.databaseName}`
    const aliases = Object.keys(rows[0] ?? {}).filter((key) => key.endsWith(this.#ending))
    for (const row of rows) {
      for (const alias of aliases) {
        if (!this.#places.has(row[alias])) this.#places.set(row[alias], [row, alias])
      }
    }
  }

  locate(cell: unknown): LocatedCell {
    const [row, alias] = this.#places.get(cell) ?? []
    if (!row || alias === undefined) return { primaryKey: undefined, othersOpen: undefined }
    return {
      primaryKey: primaryKeyIn(row, alias.slice(0, -this.#ending.length), this.#column),
      othersOpen: this.#openUnder(alias).some((other) => other !== cell),
    }
  }

  #openUnder(alias: string): readonly unknown[] {
    const known = this.#open.get(alias)
    if (known) return known
    const bound = boundColumn(this.#column)
    const open = new Set<unknown>()
    for (const { [alias]: cell } of this.#rows) {
      if (bound?.opens(cell)) open.add(cell)
      if (open.size === 2) break
    }
    this.#open.set(alias, [...open])
    return [...open]
  }
}

function primaryKeyIn(
  row: FetchedRow,
  alias: string,
  { entityMetadata }: ColumnMetadata,
): Readonly<Record<string, unknown>> | undefined {
  const parts = entityMetadata.primaryColumns.map(
    ({ propertyPath, databaseName }) => [propertyPath, row[`${alias}_${databaseName}`]] as const,
  )
  const isWhole = parts.length > 0 && parts.every(([, value]) => value !== undefined)
  return isWhole ? Object.fromEntries(parts) : undefined
}

function messageOf(error: DecryptionError, { primaryKey, othersOpen }: LocatedCell): string {
  const { property, message, reason } = error
  const named = primaryKey ? `${property} of ${rowName(primaryKey)}` : property
  const rest = message.slice(property.length)
  if (othersOpen === undefined || reason !== "unknown-key") return `${named}${rest}`
  const others = othersOpen
    ? "Other cells of the column open: this row was damaged or written elsewhere."
    : "No cell of the column in this result opens: are these the keys of this environment?"
  return `${named}${rest} ${others}`
}

/** In place of a value that could not be read, on its way into an entity. */
export class Unread {
  readonly placeholder: null | undefined

  constructor(placeholder: null | undefined) {
    this.placeholder = placeholder
  }
}

/** The unread properties of entities, and what stands in their place. */
const unread = new WeakMap<object, Map<string, null | undefined>>()

/**
 * Keeps what stands in place of an unread property out of everything that is written: a column is
 * taken for one that was not loaded, until the property is given a value.
 */
export function keepUnread(column: ColumnMetadata): void {
  const setEntityValue = column.setEntityValue.bind(column)
  column.setEntityValue = (entity: ObjectLiteral, value: unknown): void => {
    if (!(value instanceof Unread)) {
      setEntityValue(entity, value)
      return
    }
    setEntityValue(entity, value.placeholder)
    const properties = unread.get(entity) ?? new Map<string, null | undefined>()
    unread.set(entity, properties.set(column.propertyPath, value.placeholder))
  }
}

/** Whether a property of an entity could not be read, and holds what was put in its place since. */
export function isUnread(entity: unknown, path: string, value: unknown): boolean {
  if (typeof entity !== "object" || entity === null || (value ?? null) !== null) return false
  const properties = unread.get(entity)
  return properties?.has(path) === true && properties.get(path) === value
}

import { createHash } from "node:crypto"

import type { ObjectLiteral } from "typeorm"

import { DecryptionError } from "../../errors"
import type { ColumnMetadata, Driver } from "../typeorm-internals"
import { boundColumn } from "./bound-column"
import type { FetchedRow, FetchedRows } from "./fetched-rows"
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
    const ending = `_${column.databaseName}`
    for (const row of this.#fetched.rows ?? []) {
      const alias = Object.keys(row).find((key) => row[key] === cell && key.endsWith(ending))
      if (alias === undefined) continue
      const entity = alias.slice(0, -ending.length)
      const bound = boundColumn(column)
      const isRead = (other: FetchedRow): boolean => bound?.opens(other[alias]) === true
      return {
        primaryKey: primaryKeyIn(row, entity, column),
        othersOpen: this.#fetched.rows?.some((other) => other[alias] !== cell && isRead(other)),
      }
    }
    return { primaryKey: undefined, othersOpen: undefined }
  }
}

/** Where in a result a cell stands, as far as it could be told. */
interface LocatedCell {
  readonly primaryKey: Readonly<Record<string, unknown>> | undefined
  /** Whether another cell of the column in this result opens. */
  readonly othersOpen: boolean | undefined
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
  const named = primaryKey ? `${property} of ${rowOf(primaryKey)}` : property
  const rest = message.slice(property.length)
  if (othersOpen === undefined || reason !== "unknown-key") return `${named}${rest}`
  const others = othersOpen
    ? "Other cells of the column open: this row was damaged or written elsewhere."
    : "No cell of the column in this result opens: are these the keys of this environment?"
  return `${named}${rest} ${others}`
}

function rowOf(primaryKey: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(primaryKey).map(([path, value]) => `${path} ${textOf(value)}`)
  return `the row with ${parts.join(" and ")}`
}

function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("hex") : String(value)
}

/** In place of a value that could not be read, on its way into an entity. */
export class Unread {
  readonly placeholder: null | undefined

  constructor(placeholder: null | undefined) {
    this.placeholder = placeholder
  }
}

/** Has a driver's unreadable cells handled while rows become entities. */
export function handleUnreadableCells(driver: Driver, cells: UnreadableCells): void {
  const prepareHydratedValue = driver.prepareHydratedValue.bind(driver)
  driver.prepareHydratedValue = (cell: unknown, column: ColumnMetadata): unknown => {
    try {
      return prepareHydratedValue(cell, column)
    } catch (error) {
      if (!isDecryptionError(error) || !boundColumn(column)) throw error
      return cells.resolve(error, cell, column)
    }
  }
}

/** By its code, since the error may be of a second copy of the package. */
function isDecryptionError(error: unknown): error is DecryptionError {
  return (error as Partial<DecryptionError> | undefined)?.code === "ERR_DECRYPTION_FAILED"
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

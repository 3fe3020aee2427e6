import type { Codec, TextCodec } from "../../column/codec"
import { contentOf, isSealed, Sealed, type SealedContent } from "../../column/sealed"
import { DecryptionError, KeyError } from "../../errors"
import { currentActor } from "../events/actor"
import { type BeforeReveal, revealing, type RevealRequest, unrecorded } from "./reveals"
import { rowName } from "./row-name"
import { isDecryptionError } from "./unencrypted-cells"

type PrimaryKey = Readonly<Record<string, unknown>>

/** How the cells of one sealed column are read. */
export interface SealedColumn {
  /** The column, as `Entity.property`. */
  readonly property: string
  readonly codec: Codec | TextCodec
  /** Returns the value of a cell. @throws {@link DecryptionError} or {@link KeyError} */
  readonly read: (cell: unknown) => unknown
  /** Returns the plaintext of a cell, to be wiped. @throws as `read` does */
  readonly readBytes: (cell: unknown) => Buffer
  /** Returns the primary key of an entity, as far as it has one. */
  readonly primaryKeyOf: (entity: object) => PrimaryKey | undefined
  /** The tenant that work is being done for, if each has its own keys. */
  readonly tenant: () => string | undefined
  /** Has the keys fetched again, since a cell opened under none of them. */
  readonly catchUp: () => void
  /** Records that a cell is to be revealed, before it is. */
  readonly beforeReveal?: BeforeReveal | undefined
}

/** A cell of a sealed column, as the property of an entity holds it. */
export class SealedCell implements SealedContent {
  readonly #column: SealedColumn
  readonly #cell: unknown
  /** Who it was read for: nobody else's keys are to open it, or try. */
  readonly #tenant: string | undefined
  #entity: object | undefined

  constructor(column: SealedColumn, cell: unknown) {
    this.#column = column
    this.#cell = cell
    this.#tenant = column.tenant()
  }

  /** The codec of the column. */
  get codec(): Codec | TextCodec {
    return this.#column.codec
  }

  /** Returns the value to who asked to see it. @throws {@link DecryptionError} or {@link KeyError} */
  reveal(): unknown {
    this.#refuseUnrecorded()
    return this.#reveal(() => this.open())
  }

  /** Returns the plaintext to who asked to see it, to be wiped. @throws as {@link reveal} does */
  revealBytes(): Buffer {
    this.#refuseUnrecorded()
    return this.#revealBytes()
  }

  /** Has a reveal recorded. @throws what records it, and {@link KeyError} if it is another tenant's */
  async recorded(): Promise<Pick<SealedContent, "reveal" | "revealBytes">> {
    const { beforeReveal, property } = this.#column
    if (!beforeReveal) return this
    if (this.#tenant !== this.#column.tenant()) throw otherTenant(property)
    const request: RevealRequest = {
      column: property,
      primaryKey: this.#primaryKey(),
      tenant: this.#tenant,
      actor: currentActor(),
    }
    await beforeReveal(request)
    return { reveal: () => this.#reveal(() => this.open()), revealBytes: () => this.#revealBytes() }
  }

  /** Returns the value for what shows it to nobody. @throws as {@link reveal} does */
  open(): unknown {
    return this.#open((cell) => this.#column.read(cell))
  }

  /** The cell, if it is of a column and was read for the tenant at work; not to be shown. */
  cellOf(column: SealedColumn): string | undefined {
    const isOwn = column === this.#column && this.#tenant === column.tenant()
    return isOwn && typeof this.#cell === "string" ? this.#cell : undefined
  }

  /** Takes note of the entity that it was read into: by its primary key an error names the row. */
  readInto(entity: object): void {
    this.#entity ??= entity
  }

  #refuseUnrecorded(): void {
    if (this.#column.beforeReveal) throw unrecorded(this.#column.property)
  }

  #revealBytes(): Buffer {
    return this.#reveal(() => this.#open((cell) => this.#column.readBytes(cell)))
  }

  #primaryKey(): PrimaryKey | undefined {
    return this.#entity && this.#column.primaryKeyOf(this.#entity)
  }

  #reveal<Result>(open: () => Result): Result {
    const { property: column } = this.#column
    return revealing({ column, primaryKey: () => this.#primaryKey() }, open)
  }

  #open<Result>(read: (cell: unknown) => Result): Result {
    const { property } = this.#column
    if (this.#tenant !== this.#column.tenant()) throw otherTenant(property)
    try {
      return read(this.#cell)
    } catch (error) {
      if (!isDecryptionError(error)) throw error
      if (error.reason === "unknown-key") this.#column.catchUp()
      throw this.#named(error)
    }
  }

  #named(error: DecryptionError): DecryptionError {
    const primaryKey = this.#primaryKey()
    if (!primaryKey) return error
    const { property, reason, message } = error
    const named = `${property} of ${rowName(primaryKey)}${message.slice(property.length)}`
    return new DecryptionError(property, reason, named, { primaryKey })
  }
}

function otherTenant(property: string): KeyError {
  return new KeyError(
    "ERR_KEY_MISSING",
    `${property} was read for a tenant, and is opened for that tenant only: reveal it inside of ` +
      "TenantKeys.run(tenant, work).",
  )
}

/** Seals a cell. */
export function sealCell(column: SealedColumn, cell: unknown): Sealed<unknown> {
  return Sealed.containing(new SealedCell(column, cell))
}

/** Returns the cell of a column that a value was sealed with; `undefined` if it is another column's, or none. */
export function sealedCellOf(value: unknown, column: SealedColumn): string | undefined {
  const content = isSealed(value) ? contentOf(value) : undefined
  return content instanceof SealedCell ? content.cellOf(column) : undefined
}

/** Takes note of the entity that a property was read into, if it is sealed. */
export function noteReadInto(entity: object, value: unknown): void {
  const content = isSealed(value) ? contentOf(value) : undefined
  if (content instanceof SealedCell) content.readInto(entity)
}

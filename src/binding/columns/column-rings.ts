import type { ColumnKey } from "../../column/column-key"
import type { Keyring } from "../../fernet/keyring"
import type { FetchedRow } from "./fetched-rows"
import type { KeyResolver } from "../keys/key-resolver"

/**
 * The rings that the cells of one column are under, each with a memory of the column's own: those that
 * a resolver answers, or what is derived from them for the column.
 */
export class ColumnRings {
  readonly #property: string
  readonly #keys: KeyResolver
  readonly #columnKey: ColumnKey | undefined
  readonly #made = new WeakMap<Keyring, Keyring>()
  #resolved: Keyring | undefined
  #ring: Keyring | undefined

  constructor(property: string, keys: KeyResolver, columnKey?: ColumnKey) {
    this.#property = property
    this.#keys = keys
    this.#columnKey = columnKey
  }

  /**
   * Returns the ring of a cell, of which a column's cells share one object.
   *
   * @param row - the row it is in, where that is known
   * @throws {@link KeyError} if there is none
   */
  of(row?: FetchedRow): Keyring {
    const resolved = this.#keys.ringFor(this.#property, row)
    if (resolved === this.#resolved && this.#ring) return this.#ring
    const ring = this.#made.get(resolved) ?? this.#make(resolved)
    this.#made.set(resolved, ring)
    this.#resolved = resolved
    return (this.#ring = ring)
  }

  /** The tenant that work is being done for, if each has its own keys. */
  get tenant(): string | undefined {
    return this.#keys.tenants?.tenant
  }

  /** Has the keys fetched again, unless that was done a moment ago, since a token opened under none. */
  catchUp(): void {
    void this.#keys.catchUp?.(this.#keys.ringFor(this.#property))
  }

  /** Whether a text is a token that the column reads. */
  opens(text: string): boolean {
    return this.of().keyIndexOf(text) !== undefined
  }

  /** Whether a text is a token under one of the keys of the column, or of those that are shared. */
  own(text: string): boolean {
    return this.opens(text) || this.of().isBarred(text)
  }

  #make(resolved: Keyring): Keyring {
    if (!this.#columnKey) return resolved.fork()
    return resolved.forColumn(this.#columnKey.context, this.#columnKey.mode)
  }
}

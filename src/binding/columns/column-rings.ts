import type { Keyring } from "../../fernet/keyring"
import type { FetchedRow } from "./fetched-rows"
import type { KeyResolver } from "./key-resolver"

/** The rings that the cells of one column are under, each with a memory of the column's own. */
export class ColumnRings {
  readonly #property: string
  readonly #keys: KeyResolver
  readonly #forks = new WeakMap<Keyring, Keyring>()
  #ring: Keyring | undefined
  #fork: Keyring | undefined

  constructor(property: string, keys: KeyResolver) {
    this.#property = property
    this.#keys = keys
  }

  /**
   * Returns the ring of a cell, of which a column's cells share one object.
   *
   * @param row - the row it is in, where that is known
   * @throws {@link KeyError} if there is none
   */
  of(row?: FetchedRow): Keyring {
    const ring = this.#keys.ringFor(this.#property, row)
    if (ring === this.#ring && this.#fork) return this.#fork
    const fork = this.#forks.get(ring) ?? ring.fork()
    this.#forks.set(ring, fork)
    this.#ring = ring
    return (this.#fork = fork)
  }
}

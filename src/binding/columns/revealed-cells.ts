import type { SealedCacheOptions } from "../../column/sealed-cache"
import type { Keyring } from "../../fernet/keyring"

/** Cells of a column whose plaintexts are kept, if it does not say how many. */
const ENTRIES = 1000

interface Entry {
  /** Nobody else's memory, so that it can be wiped. */
  readonly plaintext: Buffer
  /** The ring that the cell was opened with, and for whom. */
  readonly ring: Keyring
  readonly tenant: string | undefined
  /** When it is forgotten, in milliseconds, on a clock that is never set. */
  readonly until: number
  /** When the cell was encrypted, in seconds since the epoch. */
  readonly timestamp: number
}

/** Whose a cell is. */
export interface CellOwner {
  readonly ring: Keyring
  readonly tenant: string | undefined
}

/**
 * The plaintexts of cells of one column that were revealed a moment ago. They are had by the very cell,
 * ring and tenant only, so that a cell that was changed, rotated or deleted is answered for by none; they
 * are wiped when they are too old, when they are too many, and when the keys are.
 */
export class RevealedCells {
  readonly #milliseconds: number
  readonly #most: number
  /** By the cell, the one that was asked for last behind the others. */
  readonly #entries = new Map<string, Entry>()
  #sweep: NodeJS.Timeout | undefined

  constructor({ seconds, entries = ENTRIES }: SealedCacheOptions) {
    this.#milliseconds = 1000 * seconds
    this.#most = entries
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * Returns a copy of the plaintext of a cell, if it is kept.
   *
   * @param isFresh - whether a token of that time may still be read
   */
  take(
    cell: string,
    { ring, tenant }: CellOwner,
    isFresh: (timestamp: number) => boolean,
  ): Buffer | undefined {
    const entry = this.#entries.get(cell)
    if (!entry) return undefined
    const isOwn = entry.ring === ring && entry.tenant === tenant
    if (!isOwn || entry.until <= performance.now() || !isFresh(entry.timestamp)) {
      this.#forget(cell, entry)
      return undefined
    }
    this.#entries.delete(cell)
    this.#entries.set(cell, entry)
    return copyOf(entry.plaintext)
  }

  /** Keeps a copy of the plaintext of a cell. */
  keep(cell: string, { ring, tenant }: CellOwner, plaintext: Buffer, timestamp: number): void {
    const known = this.#entries.get(cell)
    if (known) this.#forget(cell, known)
    const until = performance.now() + this.#milliseconds
    this.#entries.set(cell, { plaintext: copyOf(plaintext), ring, tenant, until, timestamp })
    const [oldest] = this.#entries
    if (this.#entries.size > this.#most && oldest) this.#forget(...oldest)
    this.#sweep ??= this.#plan()
  }

  /** Wipes all of them. */
  wipe(): void {
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    for (const [cell, entry] of [...this.#entries]) this.#forget(cell, entry)
  }

  #forget(cell: string, { plaintext }: Entry): void {
    plaintext.fill(0)
    this.#entries.delete(cell)
  }

  /** Nothing is kept for longer than twice its time, also if nobody asks. */
  #plan(): NodeJS.Timeout {
    return setTimeout(() => {
      const now = performance.now()
      for (const [cell, entry] of [...this.#entries])
        if (entry.until <= now) this.#forget(cell, entry)
      this.#sweep = this.#entries.size > 0 ? this.#plan() : undefined
    }, this.#milliseconds).unref()
  }
}

/** Not of Node's pool, which others may be given. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length)
  copy.set(bytes)
  return copy
}

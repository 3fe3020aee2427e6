import { findPadding } from "./padding"
import type { PlaintextReader } from "./plaintext"
import type { TokenBatch } from "./token-batch"
import type { TokenKey } from "./token-key"
import { sharedBatch } from "./token-rotation"
import { BLOCK_BYTES, type TokenScratch } from "./token-scratch"

/** Tokens on their way to plaintexts, many with one call of the decipher. */
export class TokenReading<T> {
  readonly #plaintexts: (T | undefined)[]
  readonly #read: PlaintextReader<T | undefined>
  readonly #waiting: number[] = []
  #from: TokenKey | undefined

  /** @param count - how many tokens there are; those that are never added stay `undefined` */
  constructor(count: number, read: PlaintextReader<T | undefined>) {
    this.#plaintexts = Array<undefined>(count).fill(undefined)
    this.#read = read
  }

  /** The plaintexts so far; {@link flush} completes them. */
  get plaintexts(): readonly (T | undefined)[] {
    return this.#plaintexts
  }

  /**
   * Takes in the token at a position, which `from` signed. Returns `false` if what is waiting must be
   * flushed before, or if the token is too large.
   */
  add(token: TokenScratch, from: TokenKey, position: number): boolean {
    if (sharedBatch.entries.length > 0 && from !== this.#from) return false
    if (!sharedBatch.addToken(token)) return false
    this.#from = from
    this.#waiting.push(position)
    return true
  }

  /** Puts a plaintext that was read alone in its place. */
  set(position: number, plaintext: T | undefined): void {
    this.#plaintexts[position] = plaintext
  }

  /** Decrypts all that is waiting. What is malformed inside leaves its plaintext `undefined`. */
  flush(): void {
    this.#from?.decryptBatch(sharedBatch)
    const plaintexts = readAll(sharedBatch, this.#read)
    this.#waiting.forEach((position, i) => {
      this.#plaintexts[position] = plaintexts[i]
    })
    sharedBatch.clear()
    this.#waiting.length = 0
  }
}

function readAll<T>(
  { bytes, entries }: TokenBatch,
  read: PlaintextReader<T | undefined>,
): readonly (T | undefined)[] {
  return entries.map(({ start, blocks }) => {
    const end = findPadding(bytes, start + BLOCK_BYTES * (1 + blocks))
    return end === undefined ? undefined : read(bytes, start + BLOCK_BYTES, end)
  })
}

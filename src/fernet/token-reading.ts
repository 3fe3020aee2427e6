import { findPadding } from "./padding"
import { findText } from "./plaintext"
import type { TokenBatch } from "./token-batch"
import type { TokenKey } from "./token-key"
import { sharedBatch } from "./token-rotation"
import { BLOCK_BYTES, type TokenScratch } from "./token-scratch"

/** Tokens on their way to texts, many with one call of the decipher. */
export class TokenReading {
  readonly #texts: (string | undefined)[]
  readonly #waiting: number[] = []
  #from: TokenKey | undefined

  /** @param count - how many tokens there are; those that are never added stay `undefined` */
  constructor(count: number) {
    this.#texts = Array<undefined>(count).fill(undefined)
  }

  /** The texts so far; {@link flush} completes them. */
  get texts(): readonly (string | undefined)[] {
    return this.#texts
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

  /** Puts a text that was read alone in its place. */
  set(position: number, text: string | undefined): void {
    this.#texts[position] = text
  }

  /** Decrypts all that is waiting. Padding or text that is malformed leaves its text `undefined`. */
  flush(): void {
    this.#from?.decryptBatch(sharedBatch)
    const texts = readTexts(sharedBatch)
    this.#waiting.forEach((position, i) => {
      this.#texts[position] = texts[i]
    })
    sharedBatch.clear()
    this.#waiting.length = 0
  }
}

function readTexts({ bytes, entries }: TokenBatch): readonly (string | undefined)[] {
  return entries.map(({ start, blocks }) => {
    const end = findPadding(bytes, start + BLOCK_BYTES * (1 + blocks))
    return end === undefined ? undefined : findText(bytes, start + BLOCK_BYTES, end)
  })
}

import { TokenBatch } from "./token-batch"
import type { TokenKey } from "./token-key"
import type { TokenScratch } from "./token-scratch"

/** What became of a token that was to be rotated. */
export interface RotatedToken {
  /** The position of the key it was under. */
  readonly keyIndex: number
  /** The new token; `undefined` if the old one was under the first key already. */
  readonly token: string | undefined
}

/** A result whose token is not made yet. */
export type WaitingToken = { -readonly [Key in keyof RotatedToken]: RotatedToken[Key] }

/** The one batch there is: nothing that uses it is asynchronous, and everything empties it. */
export const sharedBatch: TokenBatch = new TokenBatch()

/** Tokens on their way from one key to another, many with one call of either cipher. */
export class TokenRotation {
  readonly #to: TokenKey
  #from: TokenKey
  #waiting: WaitingToken[] = []

  /** @param to - the key to encrypt under */
  constructor(to: TokenKey) {
    this.#to = to
    this.#from = to
  }

  /**
   * Takes in a token that `from` signed; {@link flush} completes its result. Returns `false` if what
   * is waiting must be flushed before, or if the token is too large.
   */
  add(token: TokenScratch, from: TokenKey, result: WaitingToken): boolean {
    if (this.#waiting.length > 0 && from !== this.#from) return false
    if (!sharedBatch.addToken(token)) return false
    this.#from = from
    this.#waiting.push(result)
    return true
  }

  /** Makes the new tokens of all that is waiting. Overwrites scratch memory. */
  flush(): void {
    this.#from.openBatch(sharedBatch)
    const tokens = this.#to.sealBatch(sharedBatch)
    this.#waiting.forEach((result, i) => {
      result.token = tokens[i]
    })
    this.#waiting = []
  }
}

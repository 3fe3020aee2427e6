import { InvalidTokenError } from "../errors"
import { type PlaintextReader, readBytes, snapshotPlaintext, tokenText } from "./plaintext"
import type { TokenKey } from "./token-key"
import type { TokenMac } from "./token-mac"
import { TokenReading } from "./token-reading"
import { type RotatedToken, sharedBatch, TokenRotation, type WaitingToken } from "./token-rotation"
import { loadToken, type TokenScratch } from "./token-scratch"

/** How far a token's timestamp may lie in the future when its age is checked, in seconds. */
const MAX_CLOCK_SKEW = 60

/** The timestamps that are accepted, both ends included. */
interface AgeLimit {
  readonly oldest: number
  readonly newest: number
}

/** What `Fernet` and `Keyring` do with their keys: the first encrypts, any of them decrypts. */
export class TokenKeys {
  readonly #keys: readonly [TokenKey, ...TokenKey[]]
  /** The key that opened the last token: likely the next one's too. Which it was is no secret. */
  #last: TokenKey

  constructor(keys: readonly [TokenKey, ...TokenKey[]]) {
    this.#keys = keys
    this.#last = keys[0]
  }

  /** The fingerprints of the keys, in order. */
  get fingerprints(): readonly string[] {
    return this.#keys.map((key) => key.fingerprint)
  }

  /** Returns the same keys with a memory of their own of which opened the last token. */
  fork(): TokenKeys {
    return new TokenKeys(this.#keys)
  }

  /** Encrypts under the first key, at the current time. */
  encrypt(plaintext: string | Uint8Array): string {
    return this.encryptAtTime(plaintext, secondsNow())
  }

  /** Encrypts under the first key. */
  encryptAtTime(plaintext: string | Uint8Array, timestamp: number): string {
    requireSeconds(timestamp, "timestamp")
    return this.#keys[0].seal(snapshotPlaintext(plaintext), timestamp)
  }

  /** Encrypts many texts under the first key, at the current time, in less time than one by one. */
  encryptMany(texts: readonly string[]): readonly string[] {
    const [key] = this.#keys
    const timestamp = secondsNow()
    const tokens: string[] = []
    try {
      for (const text of texts) {
        snapshotPlaintext(text)
        if (sharedBatch.addText(text, timestamp)) continue
        tokens.push(...key.sealBatch(sharedBatch))
        if (!sharedBatch.addText(text, timestamp)) tokens.push(key.seal(text, timestamp))
      }
      return tokens.concat(key.sealBatch(sharedBatch))
    } finally {
      sharedBatch.clear()
    }
  }

  /** Authenticates and decrypts a token, and checks its age if `ttl` is given. */
  decrypt<T>(token: string | Uint8Array, read: PlaintextReader<T>, ttl?: number): T {
    return this.#open(token, read, ttl === undefined ? undefined : ageLimit(ttl, secondsNow()))
  }

  /** Authenticates and decrypts a token as if at a given time. */
  decryptAtTime(token: string | Uint8Array, ttl: number, now: number): Uint8Array {
    return this.#open(token, readBytes, ageLimit(ttl, now))
  }

  /** Returns the timestamp of a token that one of the keys authenticates. */
  timestampOf(token: string | Uint8Array): number {
    const scratch = requireLoaded(token)
    this.#openingKey(scratch)
    return exactTimestamp(scratch)
  }

  /** Returns the token's plaintext in a new token under the first key, of the same timestamp. */
  rotate(token: string | Uint8Array): string {
    const scratch = requireLoaded(token)
    const key = this.#openingKey(scratch)
    const timestamp = exactTimestamp(scratch)
    // Sealed before decrypt wipes it: no copy of the plaintext stays behind.
    return key.decrypt(scratch, (padded, start, end) =>
      this.#keys[0].seal(padded.subarray(start, end), timestamp),
    )
  }

  /**
   * Rotates many tokens in less time than one by one. Those under the first key already, and those
   * that no key opens, are left as they are.
   *
   * @throws {@link InvalidTokenError} if an authentic token is malformed inside
   */
  rotateMany(tokens: readonly string[]): readonly (RotatedToken | undefined)[] {
    const rotation = new TokenRotation(this.#keys[0])
    try {
      const rotated = tokens.map((token) => this.#rotateIn(rotation, token))
      rotation.flush()
      return rotated
    } finally {
      sharedBatch.clear()
    }
  }

  /**
   * Decrypts many tokens to text in less time than one by one. What no key opens, is malformed inside
   * or too large to be read with others is `undefined`.
   */
  decryptMany(tokens: readonly string[]): readonly (string | undefined)[] {
    const reading = new TokenReading(tokens.length)
    try {
      tokens.forEach((token, position) => {
        if (this.#readIn(reading, token, position)) return
        reading.flush()
        // It was overwritten
        this.#readIn(reading, token, position)
      })
      reading.flush()
      return reading.texts
    } finally {
      sharedBatch.clear()
    }
  }

  /** Returns the position of the key that signed the token, or `undefined` if none did. */
  indexOf(token: string): number | undefined {
    const scratch = loadToken(token)
    const key = scratch && this.#findSigner(scratch)
    return key && this.#keys.indexOf(key)
  }

  /** Derives a key for a purpose from each of the keys, in order, and returns its HMAC. */
  deriveMacs(info: string): readonly [TokenMac, ...TokenMac[]] {
    const [first, ...others] = this.#keys
    return [first.deriveMac(info), ...others.map((key) => key.deriveMac(info))]
  }

  #rotateIn(rotation: TokenRotation, token: string): RotatedToken | undefined {
    const scratch = loadToken(token)
    const key = scratch && this.#findSigner(scratch)
    if (!scratch || !key || !Number.isSafeInteger(scratch.timestamp)) return undefined
    const result: WaitingToken = { keyIndex: this.#keys.indexOf(key), token: undefined }
    if (result.keyIndex === 0 || rotation.add(scratch, key, result)) return result
    rotation.flush()
    // It was overwritten
    if (!rotation.add(requireLoaded(token), key, result)) result.token = this.rotate(token)
    return result
  }

  /** Returns `false` if there was no room for a token that one of the keys signed. */
  #readIn(reading: TokenReading, token: string, position: number): boolean {
    const scratch = loadToken(token)
    if (scratch === undefined) return true
    const key = this.#findSigner(scratch)
    return key === undefined || reading.add(scratch, key, position)
  }

  #open<T>(token: string | Uint8Array, read: PlaintextReader<T>, limit?: AgeLimit): T {
    const scratch = requireLoaded(token)
    const key = this.#openingKey(scratch)
    if (limit !== undefined) requireAge(scratch.timestamp, limit)
    return key.decrypt(scratch, read)
  }

  #openingKey(scratch: TokenScratch): TokenKey {
    const key = this.#findSigner(scratch)
    if (key === undefined) throw new InvalidTokenError()
    return key
  }

  /** Tries the key that worked last, then all others in order. */
  #findSigner(scratch: TokenScratch): TokenKey | undefined {
    if (this.#last.signed(scratch)) return this.#last
    const key = this.#keys.find((other) => other !== this.#last && other.signed(scratch))
    if (key !== undefined) this.#last = key
    return key
  }
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}

function requireLoaded(token: string | Uint8Array): TokenScratch {
  const scratch = loadToken(tokenText(token))
  if (scratch === undefined) throw new InvalidTokenError()
  return scratch
}

function requireAge(timestamp: number, { oldest, newest }: AgeLimit): void {
  if (timestamp < oldest || timestamp > newest) throw new InvalidTokenError()
}

/** A time that a number cannot hold, 285 million years away, is refused rather than rounded. */
function exactTimestamp(scratch: TokenScratch): number {
  const { timestamp } = scratch
  if (!Number.isSafeInteger(timestamp)) throw new InvalidTokenError()
  return timestamp
}

function requireSeconds(value: number, name: string): void {
  requireNumber(value, name)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`The "${name}" argument must be a whole number of seconds, 0 or more.`)
  }
}

function ageLimit(ttl: number, now: number): AgeLimit {
  requireNumber(ttl, "ttl")
  if (!(ttl >= 0))
    throw new RangeError('The "ttl" argument must be a number of seconds, 0 or more.')
  requireSeconds(now, "now")
  return { oldest: now - ttl, newest: now + MAX_CLOCK_SKEW }
}

function requireNumber(value: unknown, name: string): void {
  if (typeof value === "number") return
  throw new TypeError(`The "${name}" argument must be of type number.`)
}

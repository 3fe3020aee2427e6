import { InvalidTokenError } from "../errors"
import { completed, engineFor } from "./batches"
import { columnKeyInfo, type ColumnKeyMode } from "./column-key"
import { encryptByNode } from "./encrypt-by-node"
import { keysFromEnv } from "./key-source"
import { findText, type PlaintextReader, readBytes, readText, snapshotPlaintext } from "./plaintext"
import {
  type AgeLimit,
  ageLimit,
  exactTimestamp,
  requireAge,
  requireSeconds,
  secondsNow,
} from "./token-age"
import type { TokenKey } from "./token-key"
import type { TokenMac } from "./token-mac"
import { TokenReading } from "./token-reading"
import { type RotatedToken, sharedBatch, TokenRotation, type WaitingToken } from "./token-rotation"
import { loadToken, requireToken, type TokenScratch } from "./token-scratch"
import { areAtWork, deriveKeys, takeInKeys, type WorkingKeys } from "./working-keys"

/** Whose keys those of a column's ring are derived from. */
interface Origin {
  readonly shared: Keyring
  readonly mode: ColumnKeyMode
}

/**
 * One or more Fernet keys, in order: the first encrypts, any of them decrypts. To rotate, put a new
 * key in front and keep the old ones until no token under them is left. Python's name for it is
 * `cryptography.fernet.MultiFernet`.
 *
 * Tokens are taken in their canonical spelling only, as `Fernet` takes them.
 */
export class Keyring {
  readonly #keys: WorkingKeys
  /** The key that opened the last token: likely the next one's too. Which it was is no secret. */
  #last: TokenKey
  readonly #origin: Origin | undefined
  /** What tells the keys apart in a report, in order; not secrets. The first one encrypts. */
  readonly fingerprints: readonly string[]

  /**
   * @param keys - each 32 bytes in URL-safe Base64, the one to encrypt with first
   * @throws {@link KeyError} `ERR_KEY_MISSING` if there is none; `ERR_KEY_INVALID` if one is not a
   * key or occurs twice, naming its position
   */
  constructor(keys: readonly string[])
  /** @internal */
  constructor(keys: readonly string[] | WorkingKeys, origin?: Origin)
  constructor(keys: readonly string[] | WorkingKeys, origin?: Origin) {
    this.#keys = areAtWork(keys) ? keys : takeInKeys(keys)
    this.#last = this.#keys[0]
    this.#origin = origin
    this.fingerprints = origin?.shared.fingerprints ?? this.#keys.map((key) => key.fingerprint)
  }

  /**
   * Reads the keys from `ENCRYPTION_KEY`, or from the file that `ENCRYPTION_KEY_FILE` names.
   *
   * @param env - defaults to `process.env`
   * @param variable - another variable's name, as in `"FERNET_KEY"`, whose file is then named by
   * `FERNET_KEY_FILE`
   * @throws {@link KeyError} as the constructor does, or if there is no key to be had
   */
  static fromEnv(env?: NodeJS.ProcessEnv, variable?: string): Keyring {
    return new Keyring(keysFromEnv(env, variable))
  }

  /**
   * Encrypts text, as UTF-8, or bytes under the first key, and stamps the token with the current
   * time.
   *
   * @throws TypeError if the plaintext is text with a lone surrogate, or not text or bytes at all
   */
  encrypt(plaintext: string | Uint8Array): string {
    return this.#keys[0].seal(snapshotPlaintext(plaintext), secondsNow())
  }

  /**
   * Encrypts as {@link encrypt} does, but at a given time.
   *
   * @param timestamp - whole seconds since the epoch
   * @throws TypeError if an argument is of the wrong type, or the plaintext holds a lone surrogate
   * @throws RangeError if the timestamp is negative or not a whole number
   */
  encryptAtTime(plaintext: string | Uint8Array, timestamp: number): string {
    requireSeconds(timestamp, "timestamp")
    return this.#keys[0].seal(snapshotPlaintext(plaintext), timestamp)
  }

  /**
   * Authenticates a token under any of the keys and returns its plaintext, a copy that is the
   * caller's.
   *
   * @param ttl - refuse a token more than so many seconds old, or stamped more than 60 seconds in
   * the future; without it, time is not looked at
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decrypt(token: string | Uint8Array, ttl?: number): Uint8Array {
    return this.#open(token, readBytes, ttl === undefined ? undefined : ageLimit(ttl, secondsNow()))
  }

  /**
   * Decrypts as {@link decrypt} does, to text.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token, or if its plaintext is not
   * UTF-8
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptText(token: string | Uint8Array, ttl?: number): string {
    return this.#open(token, readText, ttl === undefined ? undefined : ageLimit(ttl, secondsNow()))
  }

  /**
   * Decrypts as {@link decrypt} does, as if at a given time.
   *
   * @param now - whole seconds since the epoch
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptAtTime(token: string | Uint8Array, ttl: number, now: number): Uint8Array {
    return this.#open(token, readBytes, ageLimit(ttl, now))
  }

  /**
   * Authenticates a token and returns when it was made, in seconds since the epoch.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   */
  extractTimestamp(token: string | Uint8Array): number {
    const scratch = requireToken(token)
    this.#openingKey(scratch)
    return exactTimestamp(scratch)
  }

  /**
   * Returns the token's plaintext in a new token under the first key, with the same timestamp and a
   * fresh IV. Whether the token was under the first key already makes no difference.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   */
  rotate(token: string | Uint8Array): string {
    const scratch = requireToken(token)
    const key = this.#openingKey(scratch)
    const timestamp = exactTimestamp(scratch)
    // Sealed before decrypt wipes it: no copy of the plaintext stays behind.
    return key.decrypt(scratch, (padded, start, end) =>
      this.#keys[0].seal(padded.subarray(start, end), timestamp),
    )
  }

  /**
   * Encrypts many plaintexts as {@link encrypt} does, in less time than one by one.
   *
   * @throws TypeError if one is text with a lone surrogate
   * @internal
   */
  encryptMany(plaintexts: readonly (string | Uint8Array)[]): readonly string[] {
    const engine = engineFor(plaintexts)
    if (!engine) return encryptByNode(this.#keys[0], plaintexts)
    // Read once, so that what was looked at is what is encrypted
    const given = Array.from(plaintexts, snapshotPlaintext)
    const [key] = this.#keys
    return completed(engine.seal(key.inBatches(engine), given, secondsNow()), (left) =>
      encryptByNode(key, left),
    )
  }

  /**
   * Decrypts many tokens to text in less time than one by one. What {@link decryptText} refuses is
   * `undefined`.
   *
   * @internal
   */
  decryptMany(tokens: readonly string[]): readonly (string | undefined)[] {
    return this.#readMany(tokens, findText)
  }

  /**
   * Decrypts many tokens in less time than one by one, each to bytes that are nobody else's. What
   * {@link decrypt} refuses is `undefined`.
   *
   * @internal
   */
  decryptManyToBytes(tokens: readonly string[]): readonly (Uint8Array | undefined)[] {
    return this.#readMany<Uint8Array>(tokens, readBytes)
  }

  /**
   * Rotates many tokens in less time than one by one, and says which key each was under. What no key
   * opens is `undefined`.
   *
   * @throws {@link InvalidTokenError} if an authentic token is malformed inside
   * @internal
   */
  rotateMany(tokens: readonly string[]): readonly (RotatedToken | undefined)[] {
    const engine = engineFor(tokens)
    if (!engine) return this.#rotateByNode(tokens)
    const keys = this.#keys.map((key) => key.inBatches(engine))
    const rotated = engine.rotate(keys, this.#keys[0].inBatches(engine), tokens)
    return completed(rotated, (left) => this.#rotateByNode(left))
  }

  /**
   * Returns the position of the key whose HMAC fits the token, or `undefined` if none does or it is
   * no token. Never throws.
   *
   * @internal
   */
  keyIndexOf(token: string): number | undefined {
    const scratch = loadToken(token)
    const key = scratch && this.#findSigner(scratch)
    return key && this.#keys.indexOf(key)
  }

  /**
   * Derives a key for a purpose from each key, in order, and returns its HMAC-SHA-256. It takes as
   * long as ten HMACs do: keep what it returns.
   *
   * @param info - the purpose, at most 1024 bytes of UTF-8
   * @internal
   */
  deriveMacs(info: string): readonly [TokenMac, ...TokenMac[]] {
    const [first, ...others] = this.#keys
    return [first.deriveMac(info), ...others.map((key) => key.deriveMac(info))]
  }

  /**
   * Returns the keys at work, in order.
   *
   * @internal
   */
  keysAtWork(): WorkingKeys {
    return this.#keys
  }

  /**
   * Returns a keyring of the same keys that remembers on its own which of them worked last: one for
   * each column, since a column's tokens tend to be under one key.
   *
   * @internal
   */
  fork(): Keyring {
    return new Keyring(this.#keys, this.#origin)
  }

  /**
   * Returns the ring of one column: of keys that are derived from this ring's, each called by the
   * fingerprint of the one it comes from, and of this ring's own as the mode has it.
   *
   * @internal
   */
  forColumn(context: readonly string[], mode: ColumnKeyMode): Keyring {
    const own = deriveKeys(this.#keys, columnKeyInfo(context))
    const keys: Record<ColumnKeyMode, WorkingKeys> = {
      ready: [...this.#keys, ...own],
      moving: [...own, ...this.#keys],
      only: own,
    }
    return new Keyring(keys[mode], { shared: this, mode })
  }

  /**
   * The ring that all columns share: of a column's ring, the one it comes from, else this one.
   *
   * @internal
   */
  sharedRing(): Keyring {
    return this.#origin?.shared ?? this
  }

  /**
   * Whether a column's ring is to move tokens of the key at a position, which is shared, to its own.
   *
   * @internal
   */
  isLeaving(keyIndex: number): boolean {
    return this.#origin?.mode === "moving" && keyIndex >= this.fingerprints.length
  }

  /**
   * Whether this is the ring of a column that takes no shared keys, and one of these signed the token.
   *
   * @internal
   */
  isBarred(token: string): boolean {
    return this.#origin?.mode === "only" && this.sharedRing().keyIndexOf(token) !== undefined
  }

  #readMany<T>(
    tokens: readonly string[],
    read: PlaintextReader<T | undefined>,
  ): readonly (T | undefined)[] {
    const engine = engineFor(tokens)
    if (!engine) return this.#readByNode(tokens, read)
    const keys = this.#inOrder()
    const opened = engine.open(
      keys.map((key) => key.inBatches(engine)),
      tokens,
      read,
      (position) => {
        this.#last = keys[position] ?? this.#last
      },
    )
    return completed(opened, (left) => this.#readByNode(left, read))
  }

  /** Decrypts many with one call of node:crypto's decipher. */
  #readByNode<T>(
    tokens: readonly string[],
    read: PlaintextReader<T | undefined>,
  ): readonly (T | undefined)[] {
    const reading = new TokenReading(tokens.length, read)
    try {
      tokens.forEach((token, position) => {
        if (this.#readIn(reading, token, position)) return
        reading.flush()
        // It was overwritten
        if (!this.#readIn(reading, token, position)) reading.set(position, this.#find(token, read))
      })
      reading.flush()
      return reading.plaintexts
    } finally {
      sharedBatch.clear()
    }
  }

  /** Rotates many with one call of each of node:crypto's. */
  #rotateByNode(tokens: readonly string[]): readonly (RotatedToken | undefined)[] {
    const rotation = new TokenRotation(this.#keys[0])
    try {
      const rotated = tokens.map((token) => this.#rotateIn(rotation, token))
      rotation.flush()
      return rotated
    } finally {
      sharedBatch.clear()
    }
  }

  /** Decrypts a token that is too large to be read with others. */
  #find<T>(token: string, read: PlaintextReader<T | undefined>): T | undefined {
    try {
      return this.#open(token, read)
    } catch (error) {
      if (error instanceof InvalidTokenError) return undefined
      throw error
    }
  }

  /** All keys, the one that worked last in front. */
  #inOrder(): readonly TokenKey[] {
    return [this.#last, ...this.#keys.filter((key) => key !== this.#last)]
  }

  #rotateIn(rotation: TokenRotation, token: string): RotatedToken | undefined {
    const scratch = loadToken(token)
    const key = scratch && this.#findSigner(scratch)
    if (!scratch || !key || !Number.isSafeInteger(scratch.timestamp)) return undefined
    const result: WaitingToken = { keyIndex: this.#keys.indexOf(key), token: undefined }
    if (result.keyIndex === 0 || rotation.add(scratch, key, result)) return result
    rotation.flush()
    // It was overwritten
    if (!rotation.add(requireToken(token), key, result)) result.token = this.rotate(token)
    return result
  }

  /** Returns `false` if there was no room for a token that one of the keys signed. */
  #readIn(reading: TokenReading<unknown>, token: string, position: number): boolean {
    const scratch = loadToken(token)
    if (scratch === undefined) return true
    const key = this.#findSigner(scratch)
    return key === undefined || reading.add(scratch, key, position)
  }

  #open<T>(token: string | Uint8Array, read: PlaintextReader<T>, limit?: AgeLimit): T {
    const scratch = requireToken(token)
    const key = this.#openingKey(scratch)
    if (limit !== undefined) requireAge(scratch, limit)
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

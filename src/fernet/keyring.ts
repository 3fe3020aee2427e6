import { KeyError } from "../errors"
import { parseKeys } from "./key"
import { keysFromEnv } from "./key-source"
import { readBytes, readText } from "./plaintext"
import { TokenKey } from "./token-key"
import { TokenKeys } from "./token-keys"
import type { TokenMac } from "./token-mac"
import type { RotatedToken } from "./token-rotation"

/**
 * One or more Fernet keys, in order: the first encrypts, any of them decrypts. To rotate, put a new
 * key in front and keep the old ones until no token under them is left. Python's name for it is
 * `cryptography.fernet.MultiFernet`.
 *
 * Tokens are taken in their canonical spelling only, as `Fernet` takes them.
 */
export class Keyring {
  readonly #keys: TokenKeys
  /** What tells the keys apart in a report, in order; not secrets. The first one encrypts. */
  readonly fingerprints: readonly string[]

  /**
   * @param keys - each 32 bytes in URL-safe Base64, the one to encrypt with first
   * @throws {@link KeyError} `ERR_KEY_MISSING` if there is none; `ERR_KEY_INVALID` if one is not a
   * key or occurs twice, naming its position
   */
  constructor(keys: readonly string[])
  /** @internal */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- left out of the declarations
  constructor(keys: readonly string[] | TokenKeys)
  constructor(keys: readonly string[] | TokenKeys) {
    this.#keys = keys instanceof TokenKeys ? keys : new TokenKeys(takeInKeys(keys))
    this.fingerprints = this.#keys.fingerprints
  }

  /**
   * Reads the keys from `ENCRYPTION_KEY`, or from the file that `ENCRYPTION_KEY_FILE` names.
   *
   * @param env - defaults to `process.env`
   * @throws {@link KeyError} as the constructor does, or if there is no key to be had
   */
  static fromEnv(env?: NodeJS.ProcessEnv): Keyring {
    return new Keyring(keysFromEnv(env))
  }

  /**
   * Encrypts text, as UTF-8, or bytes under the first key, and stamps the token with the current
   * time.
   *
   * @throws TypeError if the plaintext is text with a lone surrogate, or not text or bytes at all
   */
  encrypt(plaintext: string | Uint8Array): string {
    return this.#keys.encrypt(plaintext)
  }

  /**
   * Encrypts as {@link encrypt} does, but at a given time.
   *
   * @param timestamp - whole seconds since the epoch
   * @throws TypeError if an argument is of the wrong type, or the plaintext holds a lone surrogate
   * @throws RangeError if the timestamp is negative or not a whole number
   */
  encryptAtTime(plaintext: string | Uint8Array, timestamp: number): string {
    return this.#keys.encryptAtTime(plaintext, timestamp)
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
    return this.#keys.decrypt(token, readBytes, ttl)
  }

  /**
   * Decrypts as {@link decrypt} does, to text.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token, or if its plaintext is not
   * UTF-8
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptText(token: string | Uint8Array, ttl?: number): string {
    return this.#keys.decrypt(token, readText, ttl)
  }

  /**
   * Decrypts as {@link decrypt} does, as if at a given time.
   *
   * @param now - whole seconds since the epoch
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptAtTime(token: string | Uint8Array, ttl: number, now: number): Uint8Array {
    return this.#keys.decryptAtTime(token, ttl, now)
  }

  /**
   * Authenticates a token and returns when it was made, in seconds since the epoch.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   */
  extractTimestamp(token: string | Uint8Array): number {
    return this.#keys.timestampOf(token)
  }

  /**
   * Returns the token's plaintext in a new token under the first key, with the same timestamp and a
   * fresh IV. Whether the token was under the first key already makes no difference.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   */
  rotate(token: string | Uint8Array): string {
    return this.#keys.rotate(token)
  }

  /**
   * Encrypts many texts as {@link encrypt} does, in less time than one by one.
   *
   * @throws TypeError if one holds a lone surrogate
   * @internal
   */
  encryptMany(texts: readonly string[]): readonly string[] {
    return this.#keys.encryptMany(texts)
  }

  /**
   * Decrypts many tokens to text in less time than one by one. What cannot be read is `undefined`,
   * and may be one that {@link decryptText} reads: a token that is too large to be read with others.
   *
   * @internal
   */
  decryptMany(tokens: readonly string[]): readonly (string | undefined)[] {
    return this.#keys.decryptMany(tokens)
  }

  /**
   * Rotates many tokens in less time than one by one, and says which key each was under. What no key
   * opens is `undefined`.
   *
   * @throws {@link InvalidTokenError} if an authentic token is malformed inside
   * @internal
   */
  rotateMany(tokens: readonly string[]): readonly (RotatedToken | undefined)[] {
    return this.#keys.rotateMany(tokens)
  }

  /**
   * Returns the position of the key whose HMAC fits the token, or `undefined` if none does or it is
   * no token. Never throws.
   *
   * @internal
   */
  keyIndexOf(token: string): number | undefined {
    return this.#keys.indexOf(token)
  }

  /**
   * Derives a key for a purpose from each key, in order, and returns its HMAC-SHA-256. It takes as
   * long as ten HMACs do: keep what it returns.
   *
   * @param info - the purpose, at most 1024 bytes of UTF-8
   * @internal
   */
  deriveMacs(info: string): readonly [TokenMac, ...TokenMac[]] {
    return this.#keys.deriveMacs(info)
  }

  /**
   * Returns a keyring of the same keys that remembers on its own which of them worked last: one for
   * each column, since a column's tokens tend to be under one key.
   *
   * @internal
   */
  fork(): Keyring {
    return new Keyring(this.#keys.fork())
  }
}

/** Two keys that sign alike would both claim a token, and one of them would decrypt it to noise. */
function takeInKeys(keys: readonly string[]): [TokenKey, ...TokenKey[]] {
  // parseKeys refuses an empty list
  const taken = parseKeys(keys).map((key) => new TokenKey(key)) as [TokenKey, ...TokenKey[]]
  taken.forEach((key, index) => {
    const first = taken.findIndex((other) => other.signsAs(key))
    if (first !== index) {
      throw new KeyError(
        "ERR_KEY_INVALID",
        `Key ${index + 1} of ${taken.length} has the same signing half as key ${first + 1}; ` +
          "replace one of them.",
      )
    }
  })
  return taken
}

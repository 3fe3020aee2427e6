import { generateKey, parseKey } from "./key"
import { Keyring } from "./keyring"
import { TokenKey } from "./token-key"

/**
 * Encrypts and decrypts Fernet tokens under one key, as the Fernet specification and Python's
 * `cryptography.fernet.Fernet` do: AES-128-CBC and HMAC-SHA-256, version 0x80.
 *
 * Tokens are taken in their canonical spelling only: URL-safe Base64 with `=` padding, no whitespace
 * and no stray bits. Whatever is wrong with one, the error is the same.
 */
export class Fernet {
  readonly #ring: Keyring
  /** Eight hexadecimal characters that tell this key from others in a report; not a secret. */
  readonly fingerprint: string

  /**
   * @param key - 32 bytes in URL-safe Base64, as {@link generateKey} returns
   * @throws {@link KeyError} `ERR_KEY_INVALID` if it is not a key
   */
  constructor(key: string) {
    const tokenKey = new TokenKey(parseKey(key))
    this.#ring = new Keyring([tokenKey])
    this.fingerprint = tokenKey.fingerprint
  }

  /** Returns a new random key: 32 bytes in URL-safe Base64. */
  static generateKey(): string {
    return generateKey()
  }

  /**
   * Encrypts text, as UTF-8, or bytes, and stamps the token with the current time (specification,
   * "Generating").
   *
   * @throws TypeError if the plaintext is text with a lone surrogate, or not text or bytes at all
   */
  encrypt(plaintext: string | Uint8Array): string {
    return this.#ring.encrypt(plaintext)
  }

  /**
   * Encrypts as {@link encrypt} does, but at a given time.
   *
   * @param timestamp - whole seconds since the epoch
   * @throws TypeError if an argument is of the wrong type, or the plaintext holds a lone surrogate
   * @throws RangeError if the timestamp is negative or not a whole number
   */
  encryptAtTime(plaintext: string | Uint8Array, timestamp: number): string {
    return this.#ring.encryptAtTime(plaintext, timestamp)
  }

  /**
   * Authenticates a token and returns its plaintext, a copy that is the caller's (specification,
   * "Verifying").
   *
   * @param ttl - refuse a token more than so many seconds old, or stamped more than 60 seconds in
   * the future; without it, time is not looked at
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decrypt(token: string | Uint8Array, ttl?: number): Uint8Array {
    return this.#ring.decrypt(token, ttl)
  }

  /**
   * Decrypts as {@link decrypt} does, to text.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token, or if its plaintext is not
   * UTF-8
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptText(token: string | Uint8Array, ttl?: number): string {
    return this.#ring.decryptText(token, ttl)
  }

  /**
   * Decrypts as {@link decrypt} does, as if at a given time.
   *
   * @param now - whole seconds since the epoch
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   * @throws TypeError or RangeError if an argument is of the wrong type or range
   */
  decryptAtTime(token: string | Uint8Array, ttl: number, now: number): Uint8Array {
    return this.#ring.decryptAtTime(token, ttl, now)
  }

  /**
   * Authenticates a token and returns when it was made, in seconds since the epoch.
   *
   * @throws {@link InvalidTokenError} whatever is wrong with the token
   */
  extractTimestamp(token: string | Uint8Array): number {
    return this.#ring.extractTimestamp(token)
  }
}

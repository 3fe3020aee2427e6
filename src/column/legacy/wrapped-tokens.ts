import type { Keyring } from "../../fernet/keyring"
import type { LegacyReader } from "./legacy-reader"

/** Whose tokens a reader of wrapped tokens reads. */
export interface WrappedTokenOptions {
  /** The keys of the tokens, if they are under others than the column's. Defaults to its keyring. */
  readonly keyring?: Keyring
}

/**
 * Reads Fernet tokens with a text of the application's own in front, as in `encrypted:gAAAAAB…`.
 *
 * @param prefix - all of it, up to where the token begins
 * @throws TypeError if the prefix is no text, or begins as tokens do
 *
 * @example
 * ```ts
 * @EncryptedColumn({ legacy: readPrefixedTokens("encrypted:") })
 * apiKey: string
 * ```
 */
export function readPrefixedTokens(
  prefix: string,
  { keyring: own }: WrappedTokenOptions = {},
): LegacyReader {
  // Of what begins as tokens do, the first test is that of the keyring
  if (typeof prefix !== "string" || prefix === "" || prefix.startsWith("g")) {
    throw new TypeError("The prefix before tokens must be a text that does not begin as tokens do.")
  }
  return {
    authenticated: true,
    is: (cell) => cell.startsWith(prefix),
    decode: (cell, keyring) => (own ?? keyring).decrypt(cell.slice(prefix.length)),
    encode: (plaintext, keyring) => prefix + (own ?? keyring).encrypt(plaintext),
  }
}

/** What `str()` and `repr()` of Python's `bytes`, and JSON, make of a token. */
const QUOTED = /^(b?)(['"])([\w=-]+)\2$/

/**
 * Reads Fernet tokens in quotes: `"gAAAAAB…"`, as JSON has them, and `b'gAAAAAB…'`, which a Python
 * program stores that forgot to decode the bytes.
 *
 * @example
 * ```ts
 * @EncryptedColumn({ legacy: readQuotedTokens() })
 * apiKey: string
 * ```
 */
export function readQuotedTokens({ keyring: own }: WrappedTokenOptions = {}): LegacyReader {
  return {
    authenticated: true,
    is: (cell) => QUOTED.test(cell),
    decode: (cell, keyring) => (own ?? keyring).decrypt(QUOTED.exec(cell)?.[3] ?? ""),
  }
}

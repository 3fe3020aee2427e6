import { loadToken } from "./token-scratch"

/**
 * What every token begins with that was stamped in seconds before the year 2106: version 0x80, then
 * the zero bytes of a 64-bit timestamp that needs 32.
 */
export const TOKEN_HEAD = "gAAAAA"

/**
 * The seventh character begins with the last four of those zero bits and ends with the top two of
 * the 32, which makes it one of A to D.
 */
const DATED_HEAD = new RegExp(`^${TOKEN_HEAD}[A-D]`)

/** Characters of the shortest token, which holds 0 to 15 bytes of plaintext in one AES block. */
export const SHORTEST_TOKEN: number = tokenLength(0)

/** What a stored text looks like; see {@link tokenShape}. */
export type TokenShape = "malformed" | "plaintext" | "token"

/**
 * Whether a text may be a token: the cheap test, which tells most plaintext from one. It looks at the
 * version byte alone, whose last two bits the second character shares with the timestamp: some
 * writers stamp milliseconds, or microseconds.
 */
export function mayBeToken(text: string): boolean {
  if (text.charCodeAt(0) !== VERSION_CODE) return false
  const second = text.charCodeAt(1)
  return second >= FIRST_TIME_CODE && second <= LAST_TIME_CODE
}

const VERSION_CODE = "g".charCodeAt(0)
const FIRST_TIME_CODE = "A".charCodeAt(0)
const LAST_TIME_CODE = "P".charCodeAt(0)

/**
 * Whether a value is a Fernet token by its structure: URL-safe Base64 of version 0x80, a timestamp
 * of any time, an IV, whole blocks of ciphertext and an HMAC. It takes no key, so that it says
 * nothing about who made it: only a `Keyring` that opens it does.
 *
 * @example
 * ```ts
 * if (isToken(row.ssn)) row.ssn = keyring.decryptText(row.ssn)
 * ```
 */
export function isToken(value: unknown): boolean {
  return typeof value === "string" && mayBeToken(value) && loadToken(value) !== undefined
}

/**
 * Says what a text is by its structure alone, without a key: `"token"` as {@link isToken} has
 * it; `"malformed"` if it is none, but begins as those of today do and has no whitespace inside, like
 * a token that was truncated or damaged;
 * `"plaintext"` otherwise.
 */
export function tokenShape(value: string): TokenShape {
  if (isToken(value)) return "token"
  return hasDatedHead(value) ? "malformed" : "plaintext"
}

/** Whether a text is a token by its structure, or may be one that was damaged: no plaintext, that is. */
export function looksLikeToken(text: string): boolean {
  return hasDatedHead(text) || isToken(text)
}

function hasDatedHead(value: string): boolean {
  const text = value.trim()
  return DATED_HEAD.test(text) && !/\s/.test(text)
}

/**
 * Returns how many characters the token of a plaintext has: Base64 of version, timestamp, IV, whole
 * blocks of ciphertext, always with padding, and HMAC.
 *
 * @param bytes - length of the plaintext in bytes
 */
export function tokenLength(bytes: number): number {
  const ciphertext = 16 * (Math.floor(bytes / 16) + 1)
  return 4 * Math.ceil((1 + 8 + 16 + ciphertext + 32) / 3)
}

/** Returns how many bytes of plaintext a token of at most so many characters has, -1 if there is none. */
export function plaintextWithin(characters: number): number {
  const ciphertext = 3 * Math.floor(characters / 4) - (1 + 8 + 16 + 32)
  return ciphertext < 16 ? -1 : 16 * Math.floor(ciphertext / 16) - 1
}

/** Returns when a token says that it was made, in seconds since the epoch. Nothing is authenticated. */
export function statedTimestamp(token: string): number {
  const head = Buffer.from(token.trimStart().slice(0, 12), "base64url")
  return head.readUInt32BE(1) * 2 ** 32 + head.readUInt32BE(5)
}

import { loadToken } from "./token-scratch"

/**
 * What every token made before the year 2106 begins with: version 0x80, then the zero bytes of a
 * 64-bit timestamp that needs 32.
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

/** Whether a text may be a token: the cheap test, which tells most plaintext from one. */
export function mayBeToken(text: string): boolean {
  return text.startsWith(TOKEN_HEAD)
}

/**
 * Says what a text is by its structure alone, without a key: `"token"` if it is the canonical
 * spelling of version 0x80 and a whole number of blocks; `"malformed"` if it is not, but begins as
 * tokens do and has no whitespace inside, like a token that was truncated or damaged;
 * `"plaintext"` otherwise.
 */
export function tokenShape(value: string): TokenShape {
  if (loadToken(value) !== undefined) return "token"
  const text = value.trim()
  return DATED_HEAD.test(text) && !/\s/.test(text) ? "malformed" : "plaintext"
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

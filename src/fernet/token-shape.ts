import { loadToken } from "./token-scratch"

/** What a stored text looks like; see {@link tokenShape}. */
export type TokenShape = "malformed" | "plaintext" | "token"

/**
 * Every token made before the year 2106 begins so: version 0x80, then the zero bytes of a 64-bit
 * timestamp that needs 32. The seventh character begins with the last four of those zero bits and
 * ends with the top two of the 32, which makes it one of A to D.
 */
const TOKEN_HEAD = /^gAAAAA[A-D]/

/**
 * Says what a text is by its structure alone, without a key: `"token"` if it is the canonical
 * spelling of version 0x80 and a whole number of blocks; `"malformed"` if it is not, but begins as
 * tokens do and has no whitespace inside, like a token that was truncated or damaged;
 * `"plaintext"` otherwise.
 */
export function tokenShape(value: string): TokenShape {
  if (loadToken(value) !== undefined) return "token"
  const text = value.trim()
  return TOKEN_HEAD.test(text) && !/\s/.test(text) ? "malformed" : "plaintext"
}

const EQUALS_SIGN = "=".charCodeAt(0)

/** Padding after a last group of 0, 1 or 2 bytes. */
const PADDING = ["", "==", "="] as const

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Characters whose bits all belong to a byte, at the end of a last group of 0, 1 or 2 bytes. */
const LAST_CHARACTERS = [ALPHABET, "AQgw", "AEIMQUYcgkosw048"] as const

/**
 * Encodes `bytes[start, end)` in Base64 with the URL- and filename-safe alphabet, padded
 * (RFC 4648, section 5).
 */
export function encodeBase64Url(bytes: Buffer, start: number, end: number): string {
  // The remainder of a division by 3 is an index of PADDING.
  const padding = PADDING[((end - start) % 3) as 0 | 1 | 2]
  return bytes.toString("base64url", start, end) + padding
}

/** Returns how many bytes padded Base64 of this length stands for, judged by its length alone. */
export function decodedLength(text: string): number {
  const { length } = text
  const isPadded = text.charCodeAt(length - 1) === EQUALS_SIGN
  const padding = !isPadded ? 0 : text.charCodeAt(length - 2) === EQUALS_SIGN ? 2 : 1
  return (length / 4) * 3 - padding
}

/**
 * Decodes `text`, which stands for `length` bytes, to `target` at `start`, and says whether it was
 * canonical: the one spelling that {@link encodeBase64Url} gives these bytes, so that no two texts
 * stand for the same token.
 *
 * Node's decoder skips what it does not know, which leaves too few bytes. It tolerates three things
 * besides: `+` and `/`, wide characters whose low byte is in the alphabet, and bits set in the last
 * character beyond the last byte.
 */
export function decodeBase64Url(
  text: string,
  target: Buffer,
  start: number,
  length: number,
): boolean {
  // The remainder of a division by 3 is an index of LAST_CHARACTERS.
  const last = text.charAt(Math.ceil((length * 4) / 3) - 1)
  return (
    target.write(text, start, length, "base64url") === length &&
    LAST_CHARACTERS[(length % 3) as 0 | 1 | 2].includes(last) &&
    !text.includes("+") &&
    !text.includes("/") &&
    Buffer.byteLength(text) === text.length
  )
}

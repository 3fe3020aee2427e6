import { BLOCK_BYTES } from "./token-scratch"

/** Returns how many whole blocks `length` bytes fill with their padding: always more than needed. */
export function paddedBlocks(length: number): number {
  return Math.floor(length / BLOCK_BYTES) + 1
}

/** Fills `bytes[start, end)`, 1 to 16 bytes, with PKCS #7 padding (RFC 5652, section 6.3). */
export function writePadding(bytes: Buffer, start: number, end: number): void {
  bytes.fill(end - start, start, end)
}

/**
 * Returns where the padding of `padded[…end)` begins, or `undefined` if it is not PKCS #7 padding.
 * The bytes are authentic by now, so the time it takes tells an attacker nothing.
 */
export function findPadding(padded: Buffer, end: number = padded.length): number | undefined {
  const length = padded.readUInt8(end - 1)
  const start = end - length
  if (length < 1 || length > BLOCK_BYTES) return undefined
  for (let i = start; i < end; i++) {
    if (padded[i] !== length) return undefined
  }
  return start
}

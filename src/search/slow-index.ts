import { scryptSync } from "node:crypto"

import { HASH_BLOCK_BYTES, MAC_BYTES, type TokenMac } from "../fernet/token-mac"

/** The cost of a slow index unless it says its own: 32 MiB of memory and tens of milliseconds. */
export const USUAL_COST = 15

/** What costs may be: the binary logarithm of scrypt's N. */
export const COSTS: { readonly least: number; readonly most: number } = { least: 10, most: 20 }

/** scrypt's r: it takes 128 · N · r bytes. */
const BLOCK_SIZE = 8

/** Names what the salt is for. */
const PURPOSE = "typeorm-fernet/blind-index/scrypt"

/** Returns the digest of a message in hexadecimal, after the room that {@link TokenMac} asks for. */
export type Stretch = (mac: TokenMac, message: Buffer) => string

/**
 * Makes digests expensive: the HMAC is of the message's scrypt (RFC 7914), whose salt is an HMAC under the
 * same index key, so that nothing can be computed before that key is known.
 *
 * @param cost - the binary logarithm of scrypt's N
 */
export function stretchBy(cost: number): Stretch {
  const options = { N: 2 ** cost, r: BLOCK_SIZE, p: 1, maxmem: 256 * BLOCK_SIZE * 2 ** cost }
  return (mac, message) => {
    const salt = Buffer.from(mac.tagOf(afterRoom(Buffer.from(PURPOSE))), "latin1")
    const stretched = afterRoom(
      scryptSync(message.subarray(HASH_BLOCK_BYTES), salt, MAC_BYTES, options),
    )
    try {
      return mac.tagOf(stretched, "hex")
    } finally {
      stretched.fill(0)
    }
  }
}

function afterRoom(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(HASH_BLOCK_BYTES), bytes])
}

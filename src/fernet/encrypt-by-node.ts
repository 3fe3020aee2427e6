import { snapshotPlaintext } from "./plaintext"
import { secondsNow } from "./token-age"
import type { TokenKey } from "./token-key"
import { sharedBatch } from "./token-rotation"

/**
 * Encrypts many plaintexts with one call of node:crypto's cipher.
 *
 * @throws TypeError if one is text with a lone surrogate
 */
export function encryptByNode(
  key: TokenKey,
  plaintexts: readonly (string | Uint8Array)[],
): readonly string[] {
  const timestamp = secondsNow()
  const tokens: string[] = []
  try {
    for (const given of plaintexts) {
      const plaintext = snapshotPlaintext(given)
      if (sharedBatch.addPlaintext(plaintext, timestamp)) continue
      tokens.push(...key.sealBatch(sharedBatch))
      if (sharedBatch.addPlaintext(plaintext, timestamp)) continue
      tokens.push(key.seal(plaintext, timestamp))
    }
    return tokens.concat(key.sealBatch(sharedBatch))
  } finally {
    sharedBatch.clear()
  }
}

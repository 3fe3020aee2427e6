import { createCipheriv, createDecipheriv, createHash } from "node:crypto"

import type { BatchEngine } from "../../../src/fernet/batch-engine/batch-engine"
import type { BatchKey } from "../../../src/fernet/batch-engine/batch-key"

/** Returns the inner and the outer key block of HMAC-SHA-256 (RFC 2104). */
export function keyBlocks(key: Uint8Array): [inner: Buffer, outer: Buffer] {
  const block = Buffer.alloc(64)
  block.set(key.length > 64 ? createHash("sha256").update(key).digest() : key)
  const padded = (pad: number): Buffer => Buffer.from(block.map((byte) => byte ^ pad))
  return [padded(0x36), padded(0x5c)]
}

/** Returns a Fernet key for batches, made of node:crypto's own objects. */
export function stepByStepKey(engine: Pick<BatchEngine, "keyStates">, key: string): BatchKey {
  const bytes = Buffer.from(key, "base64url")
  const secret = bytes.subarray(16)
  const cipher = createCipheriv("aes-128-cbc", secret, Buffer.alloc(16))
  const decipher = createDecipheriv("aes-128-cbc", secret, Buffer.alloc(16)).setAutoPadding(false)
  return {
    states: engine.keyStates(...keyBlocks(bytes.subarray(0, 16))),
    encryptBlocks: (blocks) => cipher.update(blocks),
    decryptBlocks: (blocks) => decipher.update(blocks),
  }
}

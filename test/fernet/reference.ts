import { createCipheriv, createHmac, randomBytes } from "node:crypto"

/** Fernet as the specification words it, one node:crypto object per step: what the engine must equal. */

/** Returns `body` and its HMAC as a token, whatever the body is. */
export function signToken(key: string, body: Uint8Array): string {
  const signingKey = Buffer.from(key, "base64url").subarray(0, 16)
  const mac = createHmac("sha256", signingKey).update(body).digest()
  return padded(Buffer.concat([body, mac]))
}

/** Returns a token whose decrypted blocks are `blocks`, padding included, under a random IV. */
export function forgeToken(key: string, blocks: Uint8Array, timestamp = 1700000000n): string {
  const encryptionKey = Buffer.from(key, "base64url").subarray(16)
  const iv = randomBytes(16)
  const cipher = createCipheriv("aes-128-cbc", encryptionKey, iv).setAutoPadding(false)
  const head = Buffer.alloc(1 + 8, 0x80)
  head.writeBigUInt64BE(timestamp, 1)
  return signToken(key, Buffer.concat([head, iv, cipher.update(blocks), cipher.final()]))
}

/** Returns the token's bytes. */
export function bytesOf(token: string): Buffer {
  return Buffer.from(token, "base64url")
}

/** Returns bytes in the spelling of a token. */
export function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_")
}

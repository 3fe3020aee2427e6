/**
 * Fernet and the blind index once more, from their specifications and node:crypto alone: what checks
 * a run must not be what the run is made of.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto"

const HMAC_BYTES = 32
const VERSION = 0x80
/** Version, timestamp, initialization vector. */
const IV_AT = 9
const CIPHERTEXT_AT = 25

const halvesOf = (key: string): readonly [signing: Buffer, encryption: Buffer] => {
  const bytes = Buffer.from(key, "base64")
  return [bytes.subarray(0, 16), bytes.subarray(16)]
}

const base64Url = (bytes: Buffer): string =>
  bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_")

/** Seals a text under a key. */
export function seal(key: string, text: string): string {
  const [signing, encryption] = halvesOf(key)
  const head = Buffer.alloc(IV_AT)
  head.writeUInt8(VERSION)
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
  const iv = randomBytes(16)
  const cipher = createCipheriv("aes-128-cbc", encryption, iv)
  const body = Buffer.concat([head, iv, cipher.update(text, "utf8"), cipher.final()])
  return base64Url(Buffer.concat([body, createHmac("sha256", signing).update(body).digest()]))
}

/** Opens a token under a key; `undefined` if that key did not make it. */
export function open(key: string, token: string): string | undefined {
  const [signing, encryption] = halvesOf(key)
  const bytes = Buffer.from(token, "base64url")
  const body = bytes.subarray(0, -HMAC_BYTES)
  const signature = createHmac("sha256", signing).update(body).digest()
  if (body[0] !== VERSION || !signature.equals(bytes.subarray(-HMAC_BYTES))) return undefined
  const iv = body.subarray(IV_AT, CIPHERTEXT_AT)
  const decipher = createDecipheriv("aes-128-cbc", encryption, iv)
  return decipher.update(body.subarray(CIPHERTEXT_AT)).toString("utf8") + decipher.final("utf8")
}

/** The index value of a text, of 128 bits. */
export function indexValue(key: string, context: string, text: string): string {
  const info = `typeorm-fernet/blind-index/v1/${context}`
  const indexKey = hkdfSync("sha256", Buffer.from(key, "base64"), "", info, 32)
  return createHmac("sha256", Buffer.from(indexKey)).update(text, "utf8").digest("hex").slice(0, 32)
}

import { createHmac, hkdfSync } from "node:crypto"

/** What decides a digest, in the terms of its formula. */
export interface DigestTerms {
  readonly key: string
  readonly context: string
  readonly bits?: number
  /** The bytes of each value after normalization. */
  readonly values: readonly Uint8Array[]
}

/** A blind index as its formula words it, one node:crypto call per step. */
export function referenceDigest({ key, context, bits = 256, values }: DigestTerms): string {
  const encryptionKey = Buffer.from(key, "base64url")
  const info = Buffer.from(`typeorm-fernet/blind-index/v1/${context}`, "utf8")
  const indexKey = Buffer.from(hkdfSync("sha256", encryptionKey, new Uint8Array(0), info, 32))
  const digest = createHmac("sha256", indexKey).update(messageOf(values)).digest()
  const kept = BigInt(`0x${digest.toString("hex")}`) >> BigInt(256 - bits)
  const digits = Math.ceil(bits / 4)
  return (kept << BigInt(4 * digits - bits)).toString(16).padStart(digits, "0")
}

function messageOf(values: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = values
  if (only !== undefined && others.length === 0) return only
  return Buffer.concat(values.flatMap((value) => [lengthOf(value), value]))
}

function lengthOf(value: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(value.length)
  return length
}

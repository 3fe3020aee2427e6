import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"

import { signToken } from "../../fernet/reference"
import { referenceDigest } from "../../search/reference"
import {
  type IndexDescription,
  normalized,
  type PropertyDescription,
  type Scalar,
} from "../model/description"

const VERSION = Buffer.of(0x80)
const HEAD_BYTES = 1 + 8
const IV_BYTES = 16
const MAC_BYTES = 32

const opened = new Map<string, string>()
const digests = new Map<string, string>()

/** A token of a value, made by the specification and not by src. */
export function encryptedCell(key: string, value: number | string): string {
  const timestamp = Buffer.alloc(8)
  timestamp.writeBigUInt64BE(1700000000n)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv("aes-128-cbc", Buffer.from(key, "base64url").subarray(16), iv)
  const ciphertext = [cipher.update(String(value), "utf8"), cipher.final()]
  return signToken(key, Buffer.concat([VERSION, timestamp, iv, ...ciphertext]))
}

/**
 * Reads a cell without src.
 *
 * @param plaintext - whether a cell may be legacy plaintext
 * @throws if it is no token under one of the keys
 */
export function readCell(
  { codec }: PropertyDescription,
  cell: unknown,
  keys: readonly string[],
  plaintext: boolean,
): Scalar {
  if (cell === null) return null
  if (typeof cell !== "string") throw new Error("A cell is neither NULL nor text.")
  const text = isToken(cell) ? open(cell, keys) : undefined
  if (text === undefined && !plaintext) throw new Error("A cell is not encrypted.")
  return codec === "number" ? Number(text ?? cell) : (text ?? cell)
}

/** Whether a cell looks like a token. */
export function isToken(cell: unknown): cell is string {
  return typeof cell === "string" && cell.startsWith("gAAAAA")
}

/** Opens a token under one of the keys. */
export function open(token: string, keys: readonly string[]): string {
  const known = opened.get(token)
  if (known !== undefined) return known
  const text = keys.map((key) => openUnder(key, token)).find((one) => one !== undefined)
  if (text === undefined) throw new Error("A cell is a token under none of the keys.")
  // What the rows of a world hold is read again and again
  if (opened.size > 100_000) opened.clear()
  opened.set(token, text)
  return text
}

function openUnder(key: string, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url")
  const [signing, encryption] = [0, 16].map((at) =>
    Buffer.from(key, "base64url").subarray(at, at + 16),
  )
  if (!signing || !encryption) return undefined
  const body = bytes.subarray(0, -MAC_BYTES)
  const mac = createHmac("sha256", signing).update(body).digest()
  if (!mac.equals(bytes.subarray(-MAC_BYTES))) return undefined
  const iv = body.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES)
  const decipher = createDecipheriv("aes-128-cbc", encryption, iv)
  const text = decipher.update(body.subarray(HEAD_BYTES + IV_BYTES))
  return Buffer.concat([text, decipher.final()]).toString("utf8")
}

/** What the companion column of an index holds for the values of its members. */
export function indexValue(
  entity: string,
  index: IndexDescription,
  key: string,
  values: readonly Scalar[],
): string | null {
  if (values.includes(null)) return null
  const texts = values.map((value) => String(normalized(index, value)))
  const id = [entity, index.name, key, ...texts].join("\n")
  const known = digests.get(id)
  if (known !== undefined) return known
  const digest = referenceDigest({
    key,
    context: `${entity}/${index.name}`,
    bits: index.bits,
    values: texts.map((one) => Buffer.from(one)),
  })
  digests.set(id, digest)
  return digest
}

import { isUint8Array } from "node:util/types"

import { type Codec, CodecRefusal, type TextCodec } from "./codec"
import { describeType } from "./describe-type"
import { timesShown } from "./sealed-text"

/** Any value that JSON can hold. Key order is kept; it does not count when values are compared. */
export const jsonCodec: TextCodec = {
  encode: stringify,
  decodeText(plaintext: string): unknown {
    try {
      return JSON.parse(plaintext)
    } catch {
      // SyntaxError quotes the text
      throw new CodecRefusal("JSON")
    }
  },
  canonical: (value: unknown): string => JSON.stringify(JSON.parse(stringify(value), sortKeys)),
}

function stringify(value: unknown): string {
  const shown = timesShown()
  try {
    // The declared type leaves out that a function or a symbol yields undefined
    const text = JSON.stringify(value) as string | undefined
    // NaN, an infinity and an invalid Date would be read back as null
    const isWhole = text !== undefined && (text !== "null" || value === null)
    if (isWhole && shown === timesShown()) return text
  } catch {
    // TypeError names the properties along a cycle
    throw new CodecRefusal("a value JSON can hold, got one with a cycle or a bigint")
  }
  if (shown !== timesShown()) {
    throw new CodecRefusal("a document without sealed values inside; reveal() what is to be stored")
  }
  throw new CodecRefusal(`a value JSON can hold, got ${describeUnheld(value)}`)
}

function describeUnheld(value: unknown): string {
  return typeof value === "number" ? "NaN or an infinity" : describeType(value)
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Bytes as they are. Read back as a `Buffer`, which is what TypeORM's binary columns give. */
export const bytesCodec: Codec = {
  encode(value: unknown): Uint8Array {
    if (!isUint8Array(value)) {
      throw new CodecRefusal(`a Buffer or Uint8Array, got ${describeType(value)}`)
    }
    return value
  },
  decode: (plaintext) => Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength),
}

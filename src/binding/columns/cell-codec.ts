import { isUint8Array } from "node:util/types"

import { builtInCodecs } from "../../column/built-in-codecs"
import { type Codec, CodecRefusal, type TextCodec } from "../../column/codec"
import type { EncryptedColumnDeclaration } from "../../column/declaration"
import { contentOf, isSealed } from "../../column/sealed"
import { EncryptionError } from "../../errors"

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Returns the codec of a declaration whose options have been validated. */
export function codecOf(declaration: EncryptedColumnDeclaration): Codec | TextCodec {
  const { codec = "string" } = declaration
  return typeof codec === "string" ? builtInCodecs[codec] : codec
}

/**
 * Encodes a value for the column `property`.
 *
 * @throws {@link EncryptionError} `ERR_INVALID_VALUE`, naming the column and not the value
 */
export function encodeValue(
  property: string,
  codec: Codec | TextCodec,
  value: unknown,
): string | Uint8Array {
  let plaintext: unknown
  try {
    plaintext = codec.encode(value)
  } catch (error) {
    if (error instanceof CodecRefusal) throw invalidValue(property, `expected ${error.message}`)
    // Not even as a cause: the message of someone else's error may quote the value
    throw invalidValue(property, `its codec refused the value with ${nameOf(error)}`)
  }
  if (isUint8Array(plaintext)) return plaintext
  if (typeof plaintext === "string" && plaintext.isWellFormed()) return plaintext
  throw invalidValue(property, "its codec must encode to well-formed text or a Uint8Array")
}

/**
 * Returns the plaintext that a blind index is made of, from any plaintext of the same value.
 *
 * @param plaintext - as it was in a token, or in a cell that is not encrypted
 * @throws what the codec throws if it is none of its own
 */
export function canonicalPlaintext(
  codec: Codec | TextCodec,
  plaintext: string | Uint8Array,
): string | Uint8Array {
  if ("decodeText" in codec) {
    const text = typeof plaintext === "string" ? plaintext : utf8.decode(plaintext)
    const value = codec.decodeText(text)
    return codec.canonical ? codec.canonical(value) : codec.encode(value)
  }
  const bytes = typeof plaintext === "string" ? Buffer.from(plaintext, "utf8") : plaintext
  const value = codec.decode(bytes)
  return codec.canonical ? codec.canonical(value) : codec.encode(value)
}

/**
 * Returns what a sealed value holds, and any other as it is.
 *
 * @throws {@link EncryptionError} `ERR_INVALID_VALUE` for a copy of a sealed value
 * @throws {@link DecryptionError} or {@link KeyError} if it holds a cell that cannot be read
 */
export function unsealed(property: string, value: unknown): unknown {
  if (!isSealed(value)) return value
  const content = contentOf(value)
  if (content) return content.open()
  throw invalidValue(property, "a copy of a sealed value holds nothing; assign the value itself")
}

/** Says that `property` cannot hold a value, without a trace of the value. */
export function invalidValue(property: string, problem: string): EncryptionError {
  return new EncryptionError("ERR_INVALID_VALUE", `${property}: ${problem}.`)
}

/** A token as the value sought: whoever has a copy of the table would find rows by it. */
export function tokenSought(property: string): EncryptionError {
  return new EncryptionError(
    "ERR_ALREADY_ENCRYPTED",
    `${property}: the value sought is a token under one of this DataSource's keys. Search for the ` +
      "value itself; two tokens of one value differ.",
  )
}

/** What went wrong while decoding, for a message: a built-in codec's own words or an error's name. */
export function describeDecodingFailure(error: unknown): string {
  return error instanceof CodecRefusal
    ? `its codec expected ${error.message}`
    : `its codec failed with ${nameOf(error)}`
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `a ${error.constructor.name}` : "something that is no Error"
}

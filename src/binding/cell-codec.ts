import { isUint8Array } from "node:util/types"

import { builtInCodecs } from "../column/built-in-codecs"
import { type Codec, CodecRefusal, type TextCodec } from "../column/codec"
import type { EncryptedColumnDeclaration } from "../column/declaration"
import { EncryptionError } from "../errors"

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

/** Says that `property` cannot hold a value, without a trace of the value. */
export function invalidValue(property: string, problem: string): EncryptionError {
  return new EncryptionError("ERR_INVALID_VALUE", `${property}: ${problem}.`)
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

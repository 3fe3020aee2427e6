/// <reference lib="es2024.string" />
import { isUtf8 } from "node:buffer"
import { isUint8Array } from "node:util/types"

import { InvalidTokenError } from "../errors"

/** Node writes this for every byte that is not UTF-8. */
const REPLACEMENT_CHARACTER = "\uFFFD"

/** Text, or bytes that nothing else can change. */
export type Plaintext = string | Uint8Array

/**
 * Returns what to encrypt in a form that no other code can change: a string, or a copy of the bytes.
 *
 * @throws TypeError if it is neither, or a string with a lone surrogate, which has no UTF-8 form
 */
export function snapshotPlaintext(plaintext: string | Uint8Array): Plaintext {
  if (typeof plaintext === "string") {
    if (plaintext.isWellFormed()) return plaintext
    throw new TypeError(
      'The "plaintext" argument must be well-formed Unicode. It holds a lone surrogate, which has ' +
        "no UTF-8 form; pass a Uint8Array to encrypt arbitrary bytes.",
    )
  }
  return snapshotBytes(plaintext, "plaintext")
}

/**
 * Returns a token as text.
 *
 * @throws TypeError if it is neither a string nor a Uint8Array
 */
export function tokenText(token: string | Uint8Array): string {
  if (typeof token === "string") return token
  const bytes = snapshotBytes(token, "token")
  return Buffer.from(bytes.buffer).toString("latin1")
}

/** Copies by what the array is, not by what its properties say, and so runs no code of the caller. */
function snapshotBytes(bytes: unknown, name: string): Uint8Array<ArrayBuffer> {
  if (isUint8Array(bytes)) return new Uint8Array(bytes)
  throw new TypeError(`The "${name}" argument must be of type string or an instance of Uint8Array.`)
}

/** Turns `padded[start, end)` into a plaintext. That it is ASCII spares a reader of text to look. */
export type PlaintextReader<T> = (
  padded: Buffer,
  start: number,
  end: number,
  isAscii?: boolean,
) => T

/** Copies the plaintext. */
export const readBytes: PlaintextReader<Uint8Array> = (padded, start, end) =>
  new Uint8Array(padded.subarray(start, end))

/**
 * Decodes the plaintext as UTF-8.
 *
 * @throws {@link InvalidTokenError} if it is not UTF-8
 */
export const readText: PlaintextReader<string> = (padded, start, end) => {
  const text = findText(padded, start, end)
  if (text === undefined) throw new InvalidTokenError()
  return text
}

/** Decodes the plaintext as UTF-8; `undefined` if it is not. */
export const findText: PlaintextReader<string | undefined> = (padded, start, end, isAscii) => {
  if (isAscii) return padded.toString("latin1", start, end)
  const text = padded.toString("utf8", start, end)
  const isSuspect = text.includes(REPLACEMENT_CHARACTER)
  return isSuspect && !isUtf8(padded.subarray(start, end)) ? undefined : text
}

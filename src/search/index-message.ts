import type { Plaintext } from "../fernet/plaintext"
import { HASH_BLOCK_BYTES } from "../fernet/token-mac"

/** Before each of several values stands its length, 32 bits in big-endian order. */
const LENGTH_BYTES = 4

const LAST_ASCII_CODE = 0x7f

/** Bytes of message up to which the same memory is used every time. */
const KEPT_BYTES = 1024

const kept = Buffer.alloc(HASH_BLOCK_BYTES + KEPT_BYTES)
const keptViews: Buffer[] = []

/**
 * Lays out the message whose HMAC is the index of `values`, after the 64 bytes of room that
 * `TokenMac` asks for, and wipes it when `read` has returned.
 *
 * One value is its bytes. Of several, each is preceded by its length, so that no two lists of values
 * are the same message: `"ab", "c"` is not `"a", "bc"`.
 *
 * @param read - synchronous, and runs no code of the caller: the memory is used again
 */
export function withMessage<T>(
  values: readonly (string | Uint8Array)[],
  read: (message: Buffer) => T,
): T {
  const lengths = values.map((value) => Buffer.byteLength(value))
  const prefix = values.length === 1 ? 0 : LENGTH_BYTES
  const message = memoryFor(lengths.reduce((sum, length) => sum + prefix + length, 0))
  let end = HASH_BLOCK_BYTES
  values.forEach((value, index) => {
    if (prefix > 0) end = message.writeUInt32BE(lengths[index] ?? 0, end)
    if (typeof value === "string") message.write(value, end)
    else message.set(value, end)
    end += lengths[index] ?? 0
  })
  try {
    return read(message)
  } finally {
    message.fill(0)
  }
}

/**
 * Returns the message whose HMAC is the index of `values`, to be kept for a moment: text where UTF-8
 * makes it of it, else bytes that are nobody else's, to be wiped.
 */
export function messageOf(values: readonly Plaintext[]): Plaintext {
  const [only, ...others] = values
  const text = others.length > 0 ? textOf(values) : only
  return typeof text === "string" ? text : bytesOf(values)
}

/** Of several texts that are short: a length of fewer than 128 bytes is a character of UTF-8. */
function textOf(values: readonly Plaintext[]): string | undefined {
  let message = ""
  for (const value of values) {
    const length = Buffer.byteLength(value)
    if (typeof value !== "string" || length > LAST_ASCII_CODE) return undefined
    message += `\0\0\0${String.fromCharCode(length)}${value}`
  }
  return message
}

function bytesOf(values: readonly Plaintext[]): Uint8Array {
  return withMessage(values, (message) => new Uint8Array(message.subarray(HASH_BLOCK_BYTES)))
}

function memoryFor(length: number): Buffer {
  if (length > KEPT_BYTES) return Buffer.alloc(HASH_BLOCK_BYTES + length)
  return (keptViews[length] ??= kept.subarray(0, HASH_BLOCK_BYTES + length))
}

/**
 * Turns the values of a property into the plaintext inside a token and back. `null` and `undefined`
 * never reach a codec: they are NULL and "untouched" in the database.
 */
export interface Codec<Value = unknown> {
  /**
   * Returns the plaintext of a value, text or bytes. Throws for a value it cannot represent.
   */
  encode(value: Value): string | Uint8Array

  /**
   * Returns the value of a plaintext. Throws for bytes that `encode` would not have written. The
   * bytes are the codec's to keep.
   */
  decode(plaintext: Uint8Array): Value

  /**
   * Returns the same text or bytes for values that count as equal, to tell whether a property
   * changed. Defaults to `encode`, which must then be deterministic.
   */
  canonical?(value: Value): string | Uint8Array
}

/**
 * A codec of our own whose plaintext is UTF-8 text: it is spared the detour over bytes. It checks
 * the run-time type itself, since nothing else guarantees the declared one.
 */
export interface TextCodec {
  encode(value: unknown): string
  decodeText(plaintext: string): unknown
  canonical?(value: unknown): string
}

/** Returns the plaintext of a value in bytes that are nobody else's. Throws what the codec throws. */
export function encodedBytes(codec: Codec | TextCodec, value: unknown): Buffer {
  const plaintext = codec.encode(value)
  const bytes = typeof plaintext === "string" ? new TextEncoder().encode(plaintext) : plaintext
  // Not of Node's pool, which others may be given
  const own = Buffer.alloc(bytes.length)
  own.set(bytes)
  if (bytes !== plaintext) bytes.fill(0)
  return own
}

/**
 * Why a built-in codec refuses a value or a plaintext, worded to follow "expected". Never quotes
 * the value.
 */
export class CodecRefusal extends Error {
  static {
    this.prototype.name = "CodecRefusal"
  }
}

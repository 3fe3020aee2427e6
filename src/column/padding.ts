import { isUtf8 } from "node:buffer"

import { InvalidTokenError } from "../errors"

/** Ends a text: in UTF-8 it stands for nothing where a character may begin (ISO/IEC 7816-4). */
const TEXT_END = Buffer.of(0x80)

/** Ends bytes, which may hold any others: the first half of SHA-256 of `typeorm-fernet/padding/v1`. */
const BYTES_END = Buffer.from("636576daab24be93ac202d87afded427", "hex")

/** The longest multiple, in bytes. */
export const LARGEST_PADDING = 65_536

/** Whether a number of bytes is one to pad to. */
export function isPaddingSize(bytes: unknown): bytes is number {
  return (
    typeof bytes === "number" && Number.isInteger(bytes) && bytes > 0 && bytes <= LARGEST_PADDING
  )
}

/**
 * Makes plaintexts as long as a multiple of some bytes before they are encrypted, so that the length of
 * a token tells less: the plaintext, a mark of where it ends, and zeros. Text ends with the byte 0x80,
 * and padded is never UTF-8; bytes end with 16 bytes that nothing else ends with by chance. What is not
 * padded is thereby told from what is, and read as well.
 */
export class Padding {
  readonly #multiple: number
  readonly #isText: boolean
  readonly #end: Buffer

  /** @param isText - whether plaintexts are UTF-8 */
  constructor(multiple: number, isText: boolean) {
    this.#multiple = multiple
    this.#isText = isText
    this.#end = isText ? TEXT_END : BYTES_END
  }

  /** Returns how long a plaintext of so many bytes becomes. */
  lengthOf(bytes: number): number {
    return Math.ceil((bytes + this.#end.length) / this.#multiple) * this.#multiple
  }

  /** Returns a plaintext with its padding. */
  pad(plaintext: string | Uint8Array): Uint8Array {
    const length = Buffer.byteLength(plaintext)
    const padded = Buffer.alloc(this.lengthOf(length))
    if (typeof plaintext === "string") padded.write(plaintext, "utf8")
    else padded.set(plaintext)
    this.#end.copy(padded, length)
    return padded
  }

  /** Returns the bytes of a plaintext without its padding, if it has one: the same memory, or less. */
  unpad(padded: Uint8Array): Buffer {
    const bytes = Buffer.from(padded.buffer, padded.byteOffset, padded.byteLength)
    const end = this.#endOf(bytes)
    return end === undefined || (this.#isText && isUtf8(bytes)) ? bytes : bytes.subarray(0, end)
  }

  /** Whether a plaintext that was decrypted is one to pad: it has no padding yet, and is none of ours. */
  pads(plaintext: Uint8Array): boolean {
    if (this.#isText) return isUtf8(plaintext)
    return this.unpad(plaintext).length === plaintext.length
  }

  /**
   * Returns a plaintext without its padding, as text if that is what it is.
   *
   * @throws {@link InvalidTokenError} if it is to be text and is not UTF-8
   */
  read(padded: Uint8Array): string | Uint8Array {
    const plaintext = this.unpad(padded)
    // The bytes that a codec is given are its to keep
    if (!this.#isText) return Uint8Array.from(plaintext)
    if (!isUtf8(plaintext)) throw new InvalidTokenError()
    return plaintext.toString("utf8")
  }

  /** Where the mark stands that nothing but zeros follows. */
  #endOf(bytes: Buffer): number | undefined {
    let last = bytes.length
    while (last > 0 && bytes[last - 1] === 0) last--
    const start = last - this.#end.length
    return start >= 0 && bytes.subarray(start, last).equals(this.#end) ? start : undefined
  }
}

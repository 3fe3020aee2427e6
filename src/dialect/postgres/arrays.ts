import type { Cell } from "../batch"

/** Flags, at 4, say whether there are NULLs; the type of the elements is at 8, their number at 12. */
const NULLS_AT = 4
const TYPE_AT = 8
const SIZE_AT = 12
/** Dimensions, flags, type of the elements, number of them, first index: each a word. */
const HEADER_BYTES = 4 + 4 + 4 + 4 + 4
const WORD_BYTES = 4
/** The length that stands for NULL. */
const NO_LENGTH = -1

/** The type `text` (pg_type.dat). */
const TEXT = 25

/**
 * A one-dimensional array in the binary form of PostgreSQL (`array_send` in arrayfuncs.c): a header,
 * then each element with its length before it. It is passed on as it came as long as all of it is
 * wanted.
 */
export class PackedArray {
  readonly bytes: Buffer
  /** Where elements begin, their lengths included, and where the last one ends. */
  readonly #places: Int32Array

  /** @param bytes - as the server sends it; `undefined` for no elements */
  constructor(bytes: Buffer | undefined) {
    this.bytes = bytes ?? packText([])
    this.#places = placesIn(this.bytes)
  }

  /** The number of elements. */
  get size(): number {
    return this.#places.length - 1
  }

  /** The bytes of one element; `undefined` for NULL. */
  at(index: number): Buffer | undefined {
    const start = this.#placeOf(index)
    const isNull = this.bytes.readInt32BE(start) === NO_LENGTH
    return isNull ? undefined : this.bytes.subarray(start + WORD_BYTES, this.#placeOf(index + 1))
  }

  /** All elements, read as text. */
  texts(): Cell[] {
    const { bytes, size } = this
    const texts = new Array<Cell>(size)
    for (let i = 0; i < size; i++) {
      const start = this.#placeOf(i)
      const isNull = bytes.readInt32BE(start) === NO_LENGTH
      texts[i] = isNull ? null : bytes.toString("utf8", start + WORD_BYTES, this.#placeOf(i + 1))
    }
    return texts
  }

  /** Returns an array of some of the elements, in its binary form. */
  pick(indexes: readonly number[]): Buffer {
    if (indexes.length === this.size) return this.bytes
    const elements = indexes.map((i) => this.bytes.subarray(this.#placeOf(i), this.#placeOf(i + 1)))
    const picked = Buffer.concat([this.bytes.subarray(0, HEADER_BYTES), ...elements])
    picked.writeInt32BE(indexes.length, SIZE_AT)
    return picked
  }

  #placeOf(index: number): number {
    const place = this.#places[index]
    if (place === undefined) throw new RangeError(`An array has no element ${index}.`)
    return place
  }
}

/** Packs an array of text. */
export function packText(texts: readonly Cell[]): Buffer {
  let length = HEADER_BYTES
  for (const text of texts) length += WORD_BYTES + (text === null ? 0 : Buffer.byteLength(text))
  const bytes = Buffer.allocUnsafe(length)
  bytes.writeInt32BE(texts.length === 0 ? 0 : 1, 0)
  bytes.writeInt32BE(texts.includes(null) ? 1 : 0, NULLS_AT)
  bytes.writeInt32BE(TEXT, TYPE_AT)
  bytes.writeInt32BE(texts.length, SIZE_AT)
  bytes.writeInt32BE(1, SIZE_AT + WORD_BYTES)
  let end = HEADER_BYTES
  for (const text of texts) {
    const written = text === null ? NO_LENGTH : bytes.write(text, end + WORD_BYTES)
    bytes.writeInt32BE(written, end)
    end += WORD_BYTES + Math.max(0, written)
  }
  // An array of no dimensions ends after its type
  return bytes.subarray(0, texts.length === 0 ? SIZE_AT : end)
}

function placesIn(bytes: Buffer): Int32Array {
  const size = bytes.length < HEADER_BYTES ? 0 : bytes.readInt32BE(SIZE_AT)
  const places = new Int32Array(size + 1)
  let place = HEADER_BYTES
  for (let i = 0; i < size; i++) {
    places[i] = place
    place += WORD_BYTES + Math.max(0, bytes.readInt32BE(place))
  }
  places[size] = place
  return places
}

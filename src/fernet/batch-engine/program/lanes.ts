import { type Code, i8x16, type Local, v128 } from "../assembler/instructions"
import type { FunctionFrame } from "../assembler/module-builder"
import { LANES } from "../layout"

/** Words are big-endian in messages (FIPS 180-4, section 3.1), little-endian in the machine. */
const SWAPPED = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
const LOW_WORDS = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23]
const HIGH_WORDS = [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31]
const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const HIGH_HALVES = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]

/**
 * Turns four rows of four words into four columns, and the bytes of each word around: from a message
 * for each lane to a vector of lanes for each word, and back.
 */
export class Transposition {
  readonly #rows: readonly Local[]
  readonly #pairs: readonly Local[]

  constructor(frame: FunctionFrame) {
    this.#rows = frame.vectors(LANES)
    this.#pairs = frame.vectors(LANES)
  }

  /** Returns what has to be done first, and then the four columns. */
  of(rows: readonly Code[]): {
    readonly first: readonly Code[]
    readonly columns: readonly Code[]
  } {
    const [r0, r1, r2, r3] = this.#rows as Four
    const [p0, p1, p2, p3] = this.#pairs as Four
    return {
      first: [
        ...this.#rows.map((row, i) => row.set(rows[i] ?? [])),
        ...this.#rows.map((row) => row.set(i8x16.shuffle(row, row, SWAPPED))),
        p0.set(i8x16.shuffle(r0, r1, LOW_WORDS)),
        p1.set(i8x16.shuffle(r2, r3, LOW_WORDS)),
        p2.set(i8x16.shuffle(r0, r1, HIGH_WORDS)),
        p3.set(i8x16.shuffle(r2, r3, HIGH_WORDS)),
      ],
      columns: [
        i8x16.shuffle(p0, p1, LOW_HALVES),
        i8x16.shuffle(p0, p1, HIGH_HALVES),
        i8x16.shuffle(p2, p3, LOW_HALVES),
        i8x16.shuffle(p2, p3, HIGH_HALVES),
      ],
    }
  }
}

type Four = readonly [Local, Local, Local, Local]

/** Returns the bytes of a vector with the same byte in every lane. */
export function bytes(byte: number): Code {
  return v128.const(Array<number>(16).fill(byte & 0xff))
}

/** Returns the bytes of a vector with the same word in every lane. */
export function words(word: number): Code {
  const lane = [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]
  return v128.const([...lane, ...lane, ...lane, ...lane])
}

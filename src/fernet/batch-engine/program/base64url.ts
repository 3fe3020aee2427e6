import {
  type Code,
  doWhile,
  i16x8,
  i32,
  i32x4,
  i8x16,
  type Local,
  v128,
  when,
} from "../assembler/instructions"
import type { FunctionFrame, ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { AT, VECTOR_BYTES } from "../layout"
import { bytes, words } from "./lanes"

/** 16 characters stand for 12 bytes. */
const DECODED_BYTES = 12

/** What letters, digits and the two signs begin with, by the upper half of their codes. */
const RANGES: readonly {
  readonly upper: number
  readonly lower: (lower: number) => boolean
  readonly add: number
}[] = [
  // "-"
  { upper: 2, lower: (lower) => lower === 13, add: 62 - 0x2d },
  // "0" to "9"
  { upper: 3, lower: (lower) => lower <= 9, add: 52 - 0x30 },
  // "A" to "O"
  { upper: 4, lower: (lower) => lower >= 1, add: 0 - 0x41 },
  // "P" to "Z", and "_", whose number is added to below
  { upper: 5, lower: (lower) => lower <= 10 || lower === 15, add: 0 - 0x41 },
  // "a" to "o"
  { upper: 6, lower: (lower) => lower >= 1, add: 26 - 0x61 },
  // "p" to "z"
  { upper: 7, lower: (lower) => lower <= 10, add: 26 - 0x61 },
]

const UNDERSCORE = 0x5f
const UNDERSCORE_ADDS = 63 - (UNDERSCORE - 0x41)
/** The letter of number 0. */
const LETTER_A = 0x41

/** What the upper half of a character's code allows and its lower half refuses has a bit in common. */
const UPPER_HALF = table((upper) => {
  const range = RANGES.findIndex((candidate) => candidate.upper === upper)
  return 1 << (range + 1)
})
const LOWER_HALF = table((lower) =>
  RANGES.reduce((bits, range, i) => bits | (range.lower(lower) ? 0 : 1 << (i + 1)), 1),
)
const ADDED = table((upper) => RANGES.find((range) => range.upper === upper)?.add ?? 0)

/**
 * Defines `decode(text, length, target)`: decodes so many characters of Base64 with the URL-safe
 * alphabet, without padding (RFC 4648, section 5), and returns 1 if all belong to the alphabet. Writes
 * up to 16 bytes more than it decodes; the bits beyond the last whole byte are in the first of them.
 */
export function defineDecode(module: ModuleBuilder): WasmFunction {
  return module.define("decode", { parameters: 3, results: 1 }, (frame) => {
    const [text, length, target] = frame.parameters as [Local, Local, Local]
    const wrong = frame.local("v128")
    const input = frame.local("v128")
    const end = frame.local("i32")
    const decodeInput = decodeVector(frame, input, wrong, target)
    const firstOnes = v128.load(i32.sub(AT.masks + 2 * VECTOR_BYTES, length), 0)
    return [
      wrong.set(bytes(0)),
      end.set(i32.add(text, i32.and(length, -VECTOR_BYTES))),
      when(
        i32.ne(text, end),
        doWhile(
          [input.set(v128.load(text)), ...decodeInput, target.increase(DECODED_BYTES)],
          i32.ne(text.tee(i32.add(text, VECTOR_BYTES)), end),
        ),
      ),
      when(
        length.tee(i32.and(length, VECTOR_BYTES - 1)),
        input.set(v128.select(v128.load(text), bytes(LETTER_A), firstOnes)),
        ...decodeInput,
      ),
      i32.not(v128.anyTrue(wrong)),
    ]
  })
}

/** After W. Muła and D. Lemire, “Faster Base64 Encoding and Decoding Using AVX2 Instructions”. */
function decodeVector(frame: FunctionFrame, input: Local, wrong: Local, target: Local): Code[] {
  const upper = frame.local("v128")
  const pairs = frame.local("v128")
  const lowerHalf = v128.and(input, bytes(0x0f))
  const refused = v128.and(
    i8x16.swizzle(v128.const(LOWER_HALF), lowerHalf),
    i8x16.swizzle(v128.const(UPPER_HALF), upper),
  )
  const underscores = v128.and(i8x16.eq(input, bytes(UNDERSCORE)), bytes(UNDERSCORE_ADDS))
  const added = i8x16.add(i8x16.swizzle(v128.const(ADDED), upper), underscores)
  const even = v128.and(input, v128.const(table((i) => (i % 2 === 0 ? 0xff : 0))))
  // Two numbers of 12 bits each make one of 24
  const joined = i16x8.dot(pairs, v128.const(table((i) => [0x00, 0x10, 0x01, 0x00][i % 4] ?? 0)))
  const bigEndian = [2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 16, 16, 16, 16]
  return [
    upper.set(v128.and(i16x8.shrU(input, 4), bytes(0x0f))),
    wrong.set(v128.or(wrong, refused)),
    input.set(i8x16.add(input, added)),
    pairs.set(v128.or(i16x8.shl(even, 6), i16x8.shrU(input, 8))),
    v128.store(target, i8x16.shuffle(joined, bytes(0), bigEndian)),
  ]
}

/**
 * Returns code that encodes the bytes from `from` to `end` at `to`, 12 at a time, and moves both on.
 * Behind the end there must be zeros.
 */
export function encode({ local }: FunctionFrame, from: Local, end: Local, to: Local): Code {
  const numbers = local("v128")
  const bigEndian = [2, 1, 0, 16, 5, 4, 3, 16, 8, 7, 6, 16, 11, 10, 9, 16]
  const sixBits = (at: number): Code => words(0x3f << at)
  const split = v128.or(
    v128.or(
      v128.and(i32x4.shrU(numbers, 18), sixBits(0)),
      v128.and(i32x4.shrU(numbers, 4), sixBits(8)),
    ),
    v128.or(
      v128.and(i32x4.shl(numbers, 10), sixBits(16)),
      v128.and(i32x4.shl(numbers, 24), sixBits(24)),
    ),
  )
  return doWhile(
    [
      numbers.set(i8x16.shuffle(v128.load(from), bytes(0), bigEndian)),
      numbers.set(split),
      v128.store(to, i8x16.add(numbers, addedTo(numbers))),
      to.increase(VECTOR_BYTES),
    ],
    i32.ltU(from.tee(i32.add(from, DECODED_BYTES)), end),
  )
}

/** What makes a character of each number: it changes after "Z", "z", "9" and "-". */
function addedTo(numbers: Local): Code {
  const after = (last: number, change: number): Code =>
    v128.and(i8x16.gtS(numbers, bytes(last)), bytes(change))
  const letters = i8x16.add(bytes(0x41), after(25, 0x61 - 26 - 0x41))
  const digits = i8x16.add(letters, after(51, 0x30 - 52 - (0x61 - 26)))
  const signs = i8x16.add(digits, after(61, 0x2d - 62 - (0x30 - 52)))
  return i8x16.add(signs, after(62, UNDERSCORE - 63 - (0x2d - 62)))
}

function table(value: (index: number) => number): readonly number[] {
  return Array.from({ length: VECTOR_BYTES }, (_, index) => value(index) & 0xff)
}

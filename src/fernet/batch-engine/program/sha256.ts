import {
  type Code,
  doWhile,
  i32,
  i32x4,
  type Local,
  type Operand,
  v128,
} from "../assembler/instructions"
import type { ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { AT, VECTOR_BYTES } from "../layout"

const ROUNDS = 64
const WORDS = 16

/**
 * Defines `compress()`, the hash computation of SHA-256 (FIPS 180-4, section 6.2.2) in four lanes: it
 * takes one block from {@link AT.words} and the state from {@link AT.state}, and leaves the new state
 * there. It has no branch and no table that depends on what is hashed.
 */
export function defineCompress(module: ModuleBuilder): WasmFunction {
  return module.define("compress", { parameters: 0 }, ({ vectors, local }) => {
    const words = vectors(WORDS)
    const state = vectors(8)
    const round = local("i32")
    const rounds = new Rounds(round, ...(vectors(3) as [Local, Local, Local]))
    return [
      ...words.map((word, i) => word.set(v128.load(0, AT.words + i * VECTOR_BYTES))),
      ...state.map((word, i) => word.set(v128.load(0, AT.state + i * VECTOR_BYTES))),
      ...rounds.all(words, state),
      ...state.map((word, i) => {
        const at = AT.state + i * VECTOR_BYTES
        return v128.store(0, i32x4.add(v128.load(0, at), word), at)
      }),
    ]
  })
}

class Rounds {
  /** Where the constants of the rounds at hand are, from the first one's on. */
  readonly #constantsAt: Local
  readonly #sum: Local
  readonly #ab: Local
  readonly #bc: Local

  constructor(constantsAt: Local, sum: Local, ab: Local, bc: Local) {
    this.#constantsAt = constantsAt
    this.#sum = sum
    this.#ab = ab
    this.#bc = bc
  }

  /** All rounds: 16 with the words of the block, and 16 three times over with words made of those. */
  all(words: readonly Local[], state: readonly Local[]): Code[] {
    const [, b, c] = state as Eight
    const next = this.#constantsAt.tee(i32.add(this.#constantsAt, WORDS * VECTOR_BYTES))
    return [
      this.#bc.set(v128.xor(b, c)),
      ...this.#sixteen(words, state, () => []),
      this.#constantsAt.set(WORDS * VECTOR_BYTES),
      doWhile(this.#sixteen(words, state, expansion), i32.ltU(next, ROUNDS * VECTOR_BYTES)),
    ]
  }

  /** After a multiple of eight rounds, a to h are in the variables that they were in before. */
  #sixteen(
    words: readonly Local[],
    state: readonly Local[],
    wordOf: (window: Window) => Code,
  ): Code[] {
    return words.flatMap((word, round) => [
      wordOf(turned(words, round) as Window),
      ...this.#round(turned(state, -round) as Eight, word, round),
    ])
  }

  /** Instead of moving a to h on by one, the next round takes them one place further. */
  #round([a, b, , d, e, f, g, h]: Eight, word: Local, round: number): Code[] {
    const constant = v128.load(this.#constantsAt, AT.roundConstants + round * VECTOR_BYTES)
    const given = add(h, i32x4.add(word, constant), choose(e, f, g), sum(e, 6, 11, 25))
    return [
      this.#sum.set(given),
      d.set(i32x4.add(d, this.#sum)),
      this.#ab.set(v128.xor(a, b)),
      h.set(add(this.#sum, this.#majority(b), sum(a, 2, 13, 22))),
      // b and c of the next round
      this.#bc.set(this.#ab),
    ]
  }

  /** Maj(a, b, c), of a ⊕ b and b ⊕ c: where they differ, b has the majority with the other one. */
  #majority(b: Local): Code {
    return v128.xor(v128.and(this.#ab, this.#bc), b)
  }
}

type Eight = readonly Local[] & readonly [Local, Local, Local, Local, Local, Local, Local, Local]

/** The words of the last 16 rounds, the oldest of which gives way to the next one. */
type Window = readonly Local[] & Readonly<Record<0 | 1 | 9 | 14, Local>>

/** Returns a list that begins at a position, and goes on from the end to the beginning. */
function turned(list: readonly Local[], by: number): readonly Local[] {
  const start = ((by % list.length) + list.length) % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

/** Computes the word of a round from those 16, 15, 7 and 2 rounds before. */
function expansion({ 0: word, 1: before15, 9: before7, 14: before2 }: Window): Code {
  return word.set(add(word, before7, sigma(before15, 7, 18, 3), sigma(before2, 17, 19, 10)))
}

/** Ch(x, y, z): bits of y where x has a one, of z where it has a zero. */
function choose(x: Local, y: Local, z: Local): Code {
  return v128.xor(v128.and(v128.xor(y, z), x), z)
}

function sum(x: Local, ...[first, second, third]: readonly [number, number, number]): Code {
  return v128.xor(v128.xor(rotated(x, first), rotated(x, second)), rotated(x, third))
}

function sigma(x: Local, first: number, second: number, shift: number): Code {
  return v128.xor(v128.xor(rotated(x, first), rotated(x, second)), i32x4.shrU(x, shift))
}

/** Rotates each lane to the right. */
function rotated(x: Local, bits: number): Code {
  return v128.xor(i32x4.shrU(x, bits), i32x4.shl(x, 32 - bits))
}

function add(first: Operand, ...others: readonly Operand[]): Code {
  return others.reduce<Operand>((sum, other) => i32x4.add(sum, other), first) as Code
}

import { tokenLength } from "../token-format"
import type { RotatedToken } from "../token-rotation"
import type { BatchKey } from "./batch-key"
import { BatchMachine } from "./batch-machine"
import { type Chunk, type Chunks, splitIntoChunks } from "./chunks"
import { identifyTokens } from "./identify-tokens"
import { LIMITS } from "./layout"
import { openTokens } from "./open-tokens"
import { rotateTokens } from "./rotate-tokens"
import { sealTexts } from "./seal-texts"
import { signMessages } from "./sign-messages"

/** The longest plaintext that fits in {@link LIMITS.blocks} with its padding. */
const LONGEST_TEXT = LIMITS.blocks * 16 - 1
const LONGEST_TOKEN = tokenLength(LONGEST_TEXT)
/** What one character of a string becomes in UTF-8 at most. */
const BYTES_PER_CHARACTER = 3

/** What was made of values, in their order; those that the engine leaves to others are `undefined`. */
export interface BatchResults<T> {
  readonly results: (T | undefined)[]
  /** The values that are too long for the engine. */
  readonly left: Chunk
}

/**
 * Opens, makes, rotates and signs many at once: SHA-256 in four lanes of WebAssembly, AES with one call
 * of node:crypto. What comes out is bit for bit what single calls return.
 */
export class BatchEngine {
  readonly #machine: BatchMachine

  /**
   * @param machine - a parameter so that tests can look into its memory
   * @throws Error if there is no WebAssembly, or none with fixed-width SIMD
   */
  constructor(machine: BatchMachine = new BatchMachine()) {
    this.#machine = machine
  }

  /** Returns the states of HMAC under a key, to be kept as secret as the key. */
  keyStates(innerBlock: Buffer, outerBlock: Buffer): Uint32Array {
    return this.#machine.keyStates(innerBlock, outerBlock)
  }

  /**
   * Decrypts tokens to text; `undefined` is what cannot be read.
   *
   * @param keys - in the order in which they are tried
   * @param opened - is told the position of a key that opens tokens
   */
  open(
    keys: readonly BatchKey[],
    tokens: readonly string[],
    opened: (key: number) => void,
  ): BatchResults<string> {
    return collect(tokens.length, splitTokens(tokens), (chunk) => {
      const { texts, lastKey } = openTokens(this.#machine, keys, chunk)
      if (lastKey !== undefined) opened(lastKey)
      return texts
    })
  }

  /**
   * Finds the position of the key that signed each token; `undefined` if none did.
   *
   * @param keys - in the order in which they are tried
   */
  identify(keys: readonly BatchKey[], tokens: readonly string[]): BatchResults<number> {
    return collect(tokens.length, splitTokens(tokens), (chunk) =>
      identifyTokens(this.#machine, keys, chunk),
    )
  }

  /**
   * Encrypts texts, which must be well-formed.
   *
   * @param timestamp - seconds since the epoch
   */
  seal(key: BatchKey, texts: readonly string[], timestamp: number): BatchResults<string> {
    return collect(texts.length, splitTexts(texts), (chunk) =>
      sealTexts(this.#machine, key, chunk, timestamp),
    )
  }

  /**
   * Puts the plaintexts of tokens in new ones under one of the keys, with the same timestamps.
   *
   * @throws {@link InvalidTokenError} if an authentic token is malformed inside
   */
  rotate(
    keys: readonly BatchKey[],
    to: BatchKey,
    tokens: readonly string[],
  ): BatchResults<RotatedToken> {
    return collect(tokens.length, splitTokens(tokens), (chunk) =>
      rotateTokens(this.#machine, keys, to, chunk),
    )
  }

  /** Returns the HMACs of texts in hexadecimal. */
  sign(states: Uint32Array, messages: readonly string[]): BatchResults<string> {
    return collect(messages.length, splitTexts(messages), (chunk) =>
      signMessages(this.#machine, states, chunk),
    )
  }
}

function splitTokens(tokens: readonly string[]): Chunks {
  const capacity = LIMITS.tokenCharacters
  const sizeOf = ({ length }: string): number => (length > LONGEST_TOKEN ? capacity + 1 : length)
  return splitIntoChunks(tokens, sizeOf, capacity)
}

function splitTexts(texts: readonly string[]): Chunks {
  const capacity = LIMITS.textBytes
  const sizeOf = (text: string): number => {
    const most = text.length * BYTES_PER_CHARACTER
    return most > LONGEST_TEXT && Buffer.byteLength(text) > LONGEST_TEXT ? capacity + 1 : most
  }
  return splitIntoChunks(texts, sizeOf, capacity)
}

function collect<T>(
  count: number,
  { chunks, left }: Chunks,
  run: (values: readonly string[]) => readonly (T | undefined)[],
): BatchResults<T> {
  const results = Array<T | undefined>(count).fill(undefined)
  for (const { values, positions } of chunks) {
    const made = run(values)
    positions.forEach((position, i) => {
      results[position] = made[i]
    })
  }
  return { results, left }
}

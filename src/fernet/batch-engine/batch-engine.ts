import { isUint8Array } from "node:util/types"

import type { Plaintext, PlaintextReader } from "../plaintext"
import { tokenLength } from "../token-format"
import type { RotatedToken } from "../token-rotation"
import type { BatchKey } from "./batch-key"
import { BatchMachine } from "./batch-machine"
import { type Chunk, type Chunks, splitIntoChunks } from "./chunks"
import { identifyTokens } from "./identify-tokens"
import { LIMITS } from "./layout"
import { openTokens } from "./open-tokens"
import { rotateTokens } from "./rotate-tokens"
import { sealPlaintexts } from "./seal-plaintexts"
import { signMessages } from "./sign-messages"

/** The longest plaintext that fits in {@link LIMITS.blocks} with its padding. */
const LONGEST_TEXT = LIMITS.blocks * 16 - 1
const LONGEST_TOKEN = tokenLength(LONGEST_TEXT)
/** What one character of a string becomes in UTF-8 at most. */
const BYTES_PER_CHARACTER = 3

/** What was made of values, in their order; those that the engine leaves to others are `undefined`. */
export interface BatchResults<T, Value = string> {
  readonly results: (T | undefined)[]
  /** The values that are too long for the engine. */
  readonly left: Chunk<Value>
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
   * Decrypts tokens; `undefined` is what cannot be read.
   *
   * @param keys - in the order in which they are tried
   * @param read - runs no code of the caller
   * @param opened - is told the position of a key that opens tokens
   */
  open<T>(
    keys: readonly BatchKey[],
    tokens: readonly string[],
    read: PlaintextReader<T | undefined>,
    opened: (key: number) => void,
  ): BatchResults<T> {
    return collect(tokens.length, splitTokens(tokens), (chunk) => {
      const { plaintexts, lastKey } = openTokens(this.#machine, keys, chunk, read)
      if (lastKey !== undefined) opened(lastKey)
      return plaintexts
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
   * Encrypts plaintexts, of which text must be well-formed.
   *
   * @param timestamp - seconds since the epoch
   */
  seal(
    key: BatchKey,
    plaintexts: readonly Plaintext[],
    timestamp: number,
  ): BatchResults<string, Plaintext> {
    return collect(plaintexts.length, splitPlaintexts(plaintexts), (chunk) =>
      sealPlaintexts(this.#machine, key, chunk, timestamp),
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

  /** Returns the HMACs of messages in hexadecimal. */
  sign(states: Uint32Array, messages: readonly Plaintext[]): BatchResults<string, Plaintext> {
    return collect(messages.length, splitPlaintexts(messages), (chunk) =>
      signMessages(this.#machine, states, chunk),
    )
  }
}

function splitTokens(tokens: readonly string[]): Chunks<string> {
  const capacity = LIMITS.tokenCharacters
  const sizeOf = (token: string): number => {
    requireType(typeof token === "string")
    return token.length > LONGEST_TOKEN ? capacity + 1 : token.length
  }
  return splitIntoChunks(tokens, sizeOf, capacity)
}

function splitPlaintexts(plaintexts: readonly Plaintext[]): Chunks<Plaintext> {
  const capacity = LIMITS.textBytes
  const sizeOf = (plaintext: Plaintext): number => {
    const size = typeof plaintext === "string" ? textSize(plaintext) : bytesSize(plaintext)
    return size > LONGEST_TEXT && Buffer.byteLength(plaintext) > LONGEST_TEXT ? capacity + 1 : size
  }
  return splitIntoChunks(plaintexts, sizeOf, capacity)
}

function textSize({ length }: string): number {
  return length * BYTES_PER_CHARACTER
}

function bytesSize(bytes: Uint8Array): number {
  requireType(isUint8Array(bytes))
  return bytes.byteLength
}

/** What is of another type could run code when it is made a string. */
function requireType(isRight: boolean): void {
  if (!isRight) throw new TypeError("A batch takes strings and bytes only.")
}

function collect<T, Value>(
  count: number,
  { chunks, left }: Chunks<Value>,
  run: (values: readonly Value[]) => readonly (T | undefined)[],
): BatchResults<T, Value> {
  const results = Array<T | undefined>(count).fill(undefined)
  for (const { values, positions } of chunks) {
    const made = run(values)
    positions.forEach((position, i) => {
      results[position] = made[i]
    })
  }
  return { results, left }
}

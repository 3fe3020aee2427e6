import { randomFillSync } from "node:crypto"

import type { Plaintext } from "../plaintext"
import { BLOCK_BYTES } from "../token-scratch"
import type { BatchKey } from "./batch-key"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"

/**
 * Encrypts plaintexts, no more than one run takes.
 *
 * @param timestamp - seconds since the epoch
 */
export function sealPlaintexts(
  machine: BatchMachine,
  key: BatchKey,
  plaintexts: readonly Plaintext[],
  timestamp: number,
): readonly (string | undefined)[] {
  return machine.run(() => {
    const { program } = machine
    const count = plaintexts.length
    loadPlaintexts(machine, plaintexts)
    fillWithRandomBlocks(machine, count)
    const size = program.pack(count)
    machine.use("cipherInput", size)
    const high = Math.floor(timestamp / 2 ** 32)
    machine.use("slotBytes", program.begin(count, high, timestamp) - AT.slotBytes)
    return finishTokens(machine, key, count, size)
  })
}

/** Takes in bytes, and texts as UTF-8, one behind the other. */
export function loadPlaintexts(machine: BatchMachine, plaintexts: readonly Plaintext[]): void {
  if (plaintexts.every(isText) && loadAscii(machine, plaintexts)) return
  let end: number = AT.text
  plaintexts.forEach((plaintext, i) => {
    const length = Buffer.byteLength(plaintext)
    machine.use("text", end + length - AT.text)
    machine.setNumber(i, AT.lengths, length)
    if (isText(plaintext)) machine.bytes.write(plaintext, end)
    else machine.bytes.set(plaintext, end)
    end += length
  })
}

function isText(plaintext: Plaintext): plaintext is string {
  return typeof plaintext === "string"
}

/** Returns whether the texts were taken in: all at once, which only those are whose bytes are their characters. */
function loadAscii(machine: BatchMachine, texts: readonly string[]): boolean {
  const joined = texts.join("")
  if (Buffer.byteLength(joined) !== joined.length) return false
  machine.use("text", joined.length)
  machine.bytes.write(joined, AT.text, "latin1")
  texts.forEach(({ length }, i) => {
    machine.setNumber(i, AT.lengths, length)
  })
  return true
}

/** Draws the blocks from which IVs are made, all at once. */
export function fillWithRandomBlocks(machine: BatchMachine, count: number): void {
  machine.use("cipherOutput", count * BLOCK_BYTES)
  randomFillSync(machine.bytes, AT.cipherOutput, count * BLOCK_BYTES)
}

/**
 * Encrypts plaintexts behind their random blocks and makes tokens of those whose heads are in slots;
 * `undefined` where there is none to be made.
 *
 * @param size - bytes of all of them
 */
export function finishTokens(
  machine: BatchMachine,
  key: BatchKey,
  count: number,
  size: number,
): readonly (string | undefined)[] {
  const { program, bytes } = machine
  machine.use("cipherOutput", size)
  const blocks = bytes.subarray(AT.cipherInput, AT.cipherInput + size)
  bytes.set(key.encryptBlocks(blocks), AT.cipherOutput)
  program.scatter(count)
  machine.useKey(key.states)
  program.sign(count)
  program.write(count)
  return readTokens(machine, count)
}

function readTokens(machine: BatchMachine, count: number): readonly (string | undefined)[] {
  const { bytes } = machine
  const tokens = Array<string | undefined>(count).fill(undefined)
  let start: number = AT.text
  for (let i = 0; i < count; i++) {
    const end = start + machine.numberOf(i, AT.lengths)
    if (end > start) tokens[i] = bytes.toString("latin1", start, end)
    start = end
  }
  machine.use("text", start - AT.text)
  return tokens
}

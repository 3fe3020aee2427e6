import { randomFillSync } from "node:crypto"

import { BLOCK_BYTES } from "../token-scratch"
import type { BatchKey } from "./batch-key"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"

/**
 * Encrypts texts, no more than one run takes.
 *
 * @param timestamp - seconds since the epoch
 */
export function sealTexts(
  machine: BatchMachine,
  key: BatchKey,
  texts: readonly string[],
  timestamp: number,
): readonly (string | undefined)[] {
  return machine.run(() => {
    const { program } = machine
    loadTexts(machine, texts)
    fillWithRandomBlocks(machine, texts.length)
    const size = program.pack(texts.length)
    machine.use("cipherInput", size)
    const high = Math.floor(timestamp / 2 ** 32)
    machine.use("slotBytes", program.begin(texts.length, high, timestamp) - AT.slotBytes)
    return finishTokens(machine, key, texts.length, size)
  })
}

/** Takes in texts as UTF-8, one behind the other. */
export function loadTexts(machine: BatchMachine, texts: readonly string[]): void {
  const joined = texts.join("")
  const size = Buffer.byteLength(joined)
  machine.use("text", size)
  if (size === joined.length) {
    machine.bytes.write(joined, AT.text, "latin1")
    texts.forEach((text, i) => {
      machine.setNumber(i, AT.lengths, text.length)
    })
    return
  }
  let end: number = AT.text
  texts.forEach((text, i) => {
    const length = machine.bytes.write(text, end)
    machine.setNumber(i, AT.lengths, length)
    end += length
  })
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

import type { PlaintextReader } from "../plaintext"
import type { BatchKey } from "./batch-key"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"

/** Marks, in place of its length, a token without plaintext. */
const NO_PLAINTEXT = -1

/** What became of tokens that were opened. */
export interface OpenedTokens<T> {
  /** The plaintext of each; `undefined` if it could not be opened, or read. */
  readonly plaintexts: readonly (T | undefined)[]
  /** The position of the key that opened the last of them, if any was opened. */
  readonly lastKey: number | undefined
}

/**
 * Decrypts tokens, no more than one run takes. Only those that a key signed are decrypted.
 *
 * @param keys - in the order in which they are tried
 * @param read - runs no code of the caller
 */
export function openTokens<T>(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  tokens: readonly string[],
  read: PlaintextReader<T | undefined>,
): OpenedTokens<T> {
  return machine.run(() => {
    loadTokens(machine, tokens)
    verifyTokens(machine, keys, tokens.length)
    const lastKey = lastOpener(machine, tokens.length)
    decryptTokens(machine, keys, tokens.length, AT.cipherOutput)
    machine.program.unpad(tokens.length)
    return { plaintexts: readPlaintexts(machine, tokens.length, read), lastKey }
  })
}

/** Takes in the tokens that have the form of one. */
export function loadTokens(machine: BatchMachine, tokens: readonly string[]): void {
  const joined = tokens.join("")
  // Of a wide character, only the low byte would be written, which may be in the alphabet
  if (Buffer.byteLength(joined) !== joined.length) {
    loadTokens(
      machine,
      tokens.map((token) => (Buffer.byteLength(token) === token.length ? token : "")),
    )
    return
  }
  machine.use("text", joined.length)
  machine.bytes.write(joined, AT.text, "latin1")
  tokens.forEach((token, i) => {
    machine.setNumber(i, AT.lengths, token.length)
  })
  machine.use("slotBytes", machine.program.load(tokens.length) - AT.slotBytes)
}

/** Finds out which key signed each token, as in {@link AT.openedBy}. */
export function verifyTokens(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  count: number,
): void {
  keys.forEach(({ states }, i) => {
    if (!isAnyLeft(machine, count)) return
    machine.useKey(states)
    machine.program.verify(count, i + 1)
  })
}

function isAnyLeft(machine: BatchMachine, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (machine.numberOf(i, AT.hashBlocks) !== 0) return true
  }
  return false
}

function lastOpener(machine: BatchMachine, count: number): number | undefined {
  for (let i = count - 1; i >= 0; i--) {
    const openedBy = machine.numberOf(i, AT.openedBy)
    if (openedBy !== 0) return openedBy - 1
  }
  return undefined
}

/**
 * Decrypts the tokens that are marked as opened to a region, each behind a block of noise. Returns how
 * many bytes that are.
 */
export function decryptTokens(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  count: number,
  target: number,
): number {
  let start = 0
  keys.forEach((key, i) => {
    const end = machine.program.gather(count, i + 1, start)
    machine.use("cipherInput", end)
    machine.use("cipherOutput", end)
    if (end > start) {
      const padded = key.decryptBlocks(
        machine.bytes.subarray(AT.cipherInput + start, AT.cipherInput + end),
      )
      machine.bytes.set(padded, target + start)
      padded.fill(0)
    }
    start = end
  })
  return start
}

/** Every text is a string of its own: one cut out of a longer one would keep that in memory. */
function readPlaintexts<T>(
  machine: BatchMachine,
  count: number,
  read: PlaintextReader<T | undefined>,
): readonly (T | undefined)[] {
  const { bytes } = machine
  const plaintexts = Array<T | undefined>(count).fill(undefined)
  let start: number = AT.cipherInput
  for (let i = 0; i < count; i++) {
    const length = machine.numberOf(i, AT.lengths)
    if (length === NO_PLAINTEXT) continue
    const end = start + length
    const isAscii = machine.numberOf(i, AT.wide) === 0
    plaintexts[i] = read(bytes, start, end, isAscii)
    start = end
  }
  return plaintexts
}

import { createCipheriv, createDecipheriv, createHmac } from "node:crypto"

import { findText } from "../plaintext"
import { BLOCK_BYTES } from "../token-scratch"
import type { BatchEngine, BatchResults } from "./batch-engine"
import type { BatchKey } from "./batch-key"
import { LANES, LIMITS } from "./layout"

/** Keys of no value, to sign with and to encrypt with. */
const SIGNING_KEYS = [Buffer.alloc(BLOCK_BYTES, 1), Buffer.alloc(BLOCK_BYTES, 2)] as const
const ENCRYPTION_KEY = Buffer.alloc(BLOCK_BYTES, 3)
const TIMESTAMP = 0x1_2345_6789

/**
 * Compares what an engine makes with what node:crypto makes of the same: every number of blocks, in
 * every lane.
 *
 * @throws Error if anything differs
 */
export function testEngine(engine: BatchEngine): void {
  const [key, other] = SIGNING_KEYS.map((signingKey) => keyOf(engine, signingKey)) as [
    BatchKey,
    BatchKey,
  ]
  const texts = sampleTexts()
  const macs = engine.sign(key.states, texts).results
  requireAgreement(texts.every((text, i) => macs[i] === macOf(text).toString("hex")))
  const tokens = wholeOf(engine.seal(key, texts, TIMESTAMP))
  requireAgreement(tokens.every((token, i) => readToken(token) === texts[i]))
  const altered = tokens.map((token, i) => (i % 2 === 0 ? token : alter(token, i)))
  for (const keys of [[key], [other, key]]) {
    const { results } = engine.open(keys, altered, findText, () => undefined)
    requireAgreement(results.every((text, i) => text === (i % 2 === 0 ? texts[i] : undefined)))
  }
  const stale = wholeOf(engine.seal(other, texts, TIMESTAMP))
  const rotated = engine.rotate([key, other], key, stale).results
  requireAgreement(rotated.every((result, i) => readToken(result?.token ?? "") === texts[i]))
}

/** Texts of every number of blocks, and some more of one, which share the lanes of one hash block. */
function sampleTexts(): readonly string[] {
  const short = Array.from({ length: LANES - 1 }, (_, i) => i)
  const longer = Array.from({ length: LIMITS.blocks }, (_, i) => i * BLOCK_BYTES + ((i * 7) % 16))
  const lengths = [...short, ...longer]
  return lengths.map((length, i) => String.fromCharCode(0x20 + i).repeat(length))
}

function keyOf(engine: BatchEngine, signingKey: Buffer): BatchKey {
  const blockOf = (pad: number): Buffer => {
    const block = Buffer.alloc(64)
    block.set(signingKey)
    return block.map((byte) => byte ^ pad) as Buffer
  }
  const chain = Buffer.alloc(BLOCK_BYTES)
  const cipher = createCipheriv("aes-128-cbc", ENCRYPTION_KEY, chain)
  const decipher = createDecipheriv("aes-128-cbc", ENCRYPTION_KEY, chain).setAutoPadding(false)
  return {
    states: engine.keyStates(blockOf(0x36), blockOf(0x5c)),
    encryptBlocks: (blocks) => cipher.update(blocks),
    decryptBlocks: (blocks) => decipher.update(blocks),
  }
}

/** Returns the text of a token of the first key as node:crypto reads it; `undefined` if it does not. */
function readToken(token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url")
  const signed = bytes.subarray(0, -32)
  const time = Number(bytes.readBigUInt64BE(1))
  const isRight =
    bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_") === token &&
    bytes[0] === 0x80 &&
    time === TIMESTAMP &&
    macOf(signed).equals(bytes.subarray(-32))
  if (!isRight) return undefined
  const decipher = createDecipheriv("aes-128-cbc", ENCRYPTION_KEY, signed.subarray(9, 25))
  return decipher.update(signed.subarray(25), undefined, "latin1") + decipher.final("latin1")
}

function macOf(message: Buffer | string): Buffer {
  return createHmac("sha256", SIGNING_KEYS[0]).update(message).digest()
}

/** Changes one character, a different one each time. */
function alter(token: string, i: number): string {
  const at = (i * 37) % (token.length - 4)
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1)
}

function wholeOf({ results }: BatchResults<string, unknown>): readonly string[] {
  return results.map((result) => result ?? "")
}

function requireAgreement(isRight: boolean): void {
  if (!isRight) throw new Error("The batch engine does not do what node:crypto does.")
}

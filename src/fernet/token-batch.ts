import type { Plaintext } from "./plaintext"
import { findPadding, paddedBlocks, writePadding } from "./padding"
import { BLOCK_BYTES, IV_AT, scratchFor, type TokenScratch } from "./token-scratch"

/** What one call of a cipher is given at most. */
const CAPACITY = 64 * 1024

/** What one character of a string becomes in UTF-8 at most. */
const BYTES_PER_CHARACTER = 3

/** Where an entry begins in the bytes of a batch, and what token it belongs to. */
export interface BatchEntry {
  readonly start: number
  /** Blocks of ciphertext; the block of the IV comes before them. */
  readonly blocks: number
  readonly timestamp: number
}

/**
 * Entries for one call of a cipher, which costs more than the few blocks of a short value do: for
 * each a block for the IV and the blocks of its padded plaintext, or of its ciphertext. The memory is
 * reused as that of {@link TokenScratch} is, and on the same grounds.
 */
export class TokenBatch {
  readonly #bytes = Buffer.alloc(CAPACITY)
  /** The bytes as a view, for writing IVs. */
  readonly view: DataView = new DataView(this.#bytes.buffer)
  readonly #entries: BatchEntry[] = []
  #end = 0

  /** The entries, in order. */
  get entries(): readonly BatchEntry[] {
    return this.#entries
  }

  /** The bytes of all entries. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  /** Takes in a plaintext and pads it. Returns whether there was room for it. */
  addPlaintext(plaintext: Plaintext, timestamp: number): boolean {
    const start = this.#end
    const most = BLOCK_BYTES * (1 + paddedBlocks(mostBytes(plaintext)))
    if (start + most > CAPACITY) return false
    const length = this.#write(plaintext, start + BLOCK_BYTES)
    const blocks = paddedBlocks(length)
    this.#end += BLOCK_BYTES * (1 + blocks)
    writePadding(this.#bytes, start + BLOCK_BYTES + length, this.#end)
    this.#entries.push({ start, blocks, timestamp })
    return true
  }

  #write(plaintext: Plaintext, at: number): number {
    if (typeof plaintext === "string") return this.#bytes.write(plaintext, at)
    this.#bytes.set(plaintext, at)
    return plaintext.length
  }

  /** Takes in the IV and the ciphertext of a token. Returns whether there was room for them. */
  addToken({ encrypted, blocks, timestamp }: TokenScratch): boolean {
    if (this.#end + encrypted.length > CAPACITY) return false
    this.#bytes.set(encrypted, this.#end)
    this.#entries.push({ start: this.#end, blocks, timestamp })
    this.#end += encrypted.length
    return true
  }

  /** Puts other bytes of the same length in place of those of all entries. */
  replace(bytes: Buffer): void {
    this.#bytes.set(bytes)
  }

  /** Empties the batch, and wipes what was in it. */
  clear(): void {
    this.bytes.fill(0)
    this.#entries.length = 0
    this.#end = 0
  }
}

function mostBytes(plaintext: Plaintext): number {
  return typeof plaintext === "string" ? plaintext.length * BYTES_PER_CHARACTER : plaintext.length
}

/** Says whether every entry, decrypted, ends with padding. */
export function isPadded({ bytes, entries }: TokenBatch): boolean {
  return entries.every(
    ({ start, blocks }) => findPadding(bytes, start + BLOCK_BYTES * (1 + blocks)) !== undefined,
  )
}

/** Returns scratch memory with the head of a new token, and its IV and ciphertext out of `bytes`. */
export function beginToken(
  { start, blocks, timestamp }: BatchEntry,
  bytes: DataView,
): TokenScratch {
  const scratch = scratchFor(blocks)
  scratch.begin(timestamp)
  // A few words at a time: Buffer's own copy() costs more than an HMAC for a short token
  const { length } = scratch.encrypted
  for (let offset = 0; offset < length; offset += 4) {
    scratch.view.setUint32(IV_AT + offset, bytes.getUint32(start + offset))
  }
  return scratch
}

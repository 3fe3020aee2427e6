import { BLOCK_BYTES } from "../token-scratch"
import { HASH_BLOCK_BYTES, MAC_BYTES } from "../token-mac"

/** What one run of the program takes in at most. */
export const LIMITS: Readonly<
  Record<"blocks" | "entries" | "textBytes" | "tokenCharacters", number>
> = {
  /** Tokens, texts or messages. */
  entries: 512,
  /** Characters of all tokens that are opened in one run. */
  tokenCharacters: 96 * 1024,
  /** UTF-8 bytes of all texts that are sealed in one run, and of all messages that are signed. */
  textBytes: 96 * 1024,
  /** Blocks of ciphertext in one token. For more, native code with its setup is as fast. */
  blocks: 29,
}

/** Lanes of a vector, each of which hashes a message of its own. */
export const LANES = 4
/** What vectors are read and written by. */
export const VECTOR_BYTES = 16

/** Version ‖ timestamp ‖ IV. */
export const HEAD_BYTES: number = 1 + 8 + BLOCK_BYTES

/** What is written behind a message: the bit that ends it, and its length in bits. */
const LEAST_PADDING_BYTES = 1 + 8

/** Returns how many blocks SHA-256 reads of a message and its padding, the key block apart. */
export function hashBlocksOf(messageBytes: number): number {
  return Math.ceil((messageBytes + LEAST_PADDING_BYTES) / HASH_BLOCK_BYTES)
}

/** Hash blocks of the longest message. */
export const MOST_HASH_BLOCKS: number = hashBlocksOf(HEAD_BYTES + LIMITS.blocks * BLOCK_BYTES)

/**
 * Room of a slot beside its hash blocks: for a MAC that lies behind a message that fills them, and for
 * the last vector of whatever is written there.
 */
export const SLOT_SLACK_BYTES: number = 2 * HASH_BLOCK_BYTES

/** Most bytes of all slots: each text with its padding, head, and what rounding up adds. */
const SLOTS_BYTES =
  LIMITS.textBytes +
  LIMITS.entries * (BLOCK_BYTES + HEAD_BYTES + LEAST_PADDING_BYTES + 63 + SLOT_SLACK_BYTES)

/** Most bytes that a cipher is given: each text, its padding, and a block for the IV. */
const CIPHER_BYTES = LIMITS.textBytes + LIMITS.entries * 2 * BLOCK_BYTES

/** Most characters of tokens that are made: Base64 of all that is in them. */
const TOKENS_BYTES =
  Math.ceil(
    ((LIMITS.textBytes + LIMITS.entries * (BLOCK_BYTES + HEAD_BYTES + MAC_BYTES)) * 4) / 3,
  ) +
  LIMITS.entries * 4

/** Vectors are read and written whole, so that the last of a region may reach beyond it. */
const OVERSHOOT_BYTES = 64

/** One number for each entry; a last group of lanes is filled up behind them. */
const TABLE_BYTES = 4 * (LIMITS.entries + LANES)

type Region =
  | (
      | "cipherAt"
      | "cipherInput"
      | "cipherOutput"
      | "blocks"
      | "hashBlocks"
      | "keyStates"
      | "lengths"
    )
  | ("macAt" | "macs" | "masks" | "openedBy" | "order" | "roundConstants" | "slotBytes" | "slots")
  | ("state" | "text" | "wide" | "words")

/** Sizes of what lies in the program's memory, in order. The first two are constants. */
const SIZES: Readonly<Record<Region, number>> = {
  /** The round constants of SHA-256, each in every lane. */
  roundConstants: 64 * VECTOR_BYTES,
  /** Zeros, ones, zeros: read from the right place, a mask for the first or the last bytes. */
  masks: 3 * VECTOR_BYTES,

  /** Inner and outer state of HMAC under the key at hand. */
  keyStates: 2 * MAC_BYTES,
  /** What is hashed next, and the state: vectors that hold a word of each lane. */
  words: 16 * VECTOR_BYTES,
  state: 8 * VECTOR_BYTES,
  /** MACs as they came with tokens, or as they were computed for messages. */
  macs: MAC_BYTES * (LIMITS.entries + LANES),
  /** Length of each entry's characters or bytes; of an opened text, -1 if there is none. */
  lengths: TABLE_BYTES,
  /** Whether an opened text has a character beyond ASCII. */
  wide: TABLE_BYTES,
  /** Where each entry's slot begins: a token's bytes, or a message, with the padding of SHA-256. */
  slots: TABLE_BYTES,
  /** Blocks of ciphertext. */
  blocks: TABLE_BYTES,
  /** Hash blocks that are still to be hashed; 0 for an entry that is done or cannot be. */
  hashBlocks: TABLE_BYTES,
  /** Under which key, counted from 1, a token was found authentic; 0 if under none. */
  openedBy: TABLE_BYTES,
  /** Where each entry's blocks lie among those that the cipher is given. */
  cipherAt: TABLE_BYTES,
  /** Where each entry's MAC is to go. */
  macAt: TABLE_BYTES,
  /** The entries whose messages have the same number of hash blocks. */
  order: TABLE_BYTES,
  /** Tokens, texts or messages as they come in, tokens as they go out; random blocks on the way. */
  text: Math.max(LIMITS.tokenCharacters, TOKENS_BYTES) + OVERSHOOT_BYTES,
  slotBytes: SLOTS_BYTES + OVERSHOOT_BYTES,
  /** What a cipher is given, and then opened texts, one behind the other. */
  cipherInput: CIPHER_BYTES + OVERSHOOT_BYTES,
  cipherOutput: CIPHER_BYTES + OVERSHOOT_BYTES,
}

/** Where each region begins. */
export const AT: Readonly<Record<Region, number>> = place()

/** From here on, memory holds what a run leaves behind: it is wiped. */
export const FIRST_WIPED: number = AT.keyStates

/** Size of the memory, in units of 64 KiB. */
export const PAGES: number = Math.ceil((AT.cipherOutput + SIZES.cipherOutput) / 65_536)

function place(): Readonly<Record<Region, number>> {
  let end = 0
  const starts = Object.entries(SIZES).map(([region, size]): [string, number] => {
    const start = end
    end += Math.ceil(size / HASH_BLOCK_BYTES) * HASH_BLOCK_BYTES
    return [region, start]
  })
  return Object.fromEntries(starts) as Record<Region, number>
}

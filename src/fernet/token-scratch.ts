import { InvalidTokenError } from "../errors"
import { decodeBase64Url, decodedLength, encodeBase64Url } from "./base64url"
import { HASH_BLOCK_BYTES, MAC_BYTES } from "./token-mac"
import { tokenText } from "./plaintext"

/** AES works on blocks of 16 bytes. */
export const BLOCK_BYTES = 16

const VERSION = 0x80

// key block of the HMAC ‖ version ‖ timestamp ‖ IV ‖ ciphertext ‖ HMAC
const TOKEN_AT = HASH_BLOCK_BYTES
const TIMESTAMP_AT = TOKEN_AT + 1
/** Where the IV begins in {@link TokenScratch.bytes}. */
export const IV_AT: number = TIMESTAMP_AT + 8
/** Where the ciphertext begins in {@link TokenScratch.bytes}. */
export const CIPHERTEXT_AT: number = IV_AT + BLOCK_BYTES

/** Blocks of ciphertext, 16 KiB, up to which the same memory is used for every token. */
const KEPT_BLOCKS = 1024

/**
 * Memory in which a token is put together or taken apart. It is reused from call to call, which is
 * sound because every method that uses it is synchronous and no code of the caller runs meanwhile:
 * bytes that the caller can change are copied before. What a caller gets back is a copy as well.
 */
export class TokenScratch {
  readonly bytes: Buffer
  readonly view: DataView
  readonly #authenticated: Buffer[] = []
  readonly #encrypted: Buffer[] = []
  readonly #macs: Buffer[] = []
  /** Blocks of ciphertext in the token at hand. */
  blocks = 0

  /** @param capacity - blocks of ciphertext there is room for */
  constructor(capacity: number) {
    this.bytes = Buffer.alloc(CIPHERTEXT_AT + capacity * BLOCK_BYTES + MAC_BYTES)
    this.view = new DataView(this.bytes.buffer)
  }

  /** The HMAC's key block, then the part of the token that the HMAC covers. */
  get authenticated(): Buffer {
    return this.#viewFrom(this.#authenticated, 0, this.#macAt)
  }

  /** The IV and the ciphertext, or what is to become them. */
  get encrypted(): Buffer {
    return this.#viewFrom(this.#encrypted, IV_AT, this.#macAt)
  }

  /**
   * Says whether the token's HMAC is the expected one, a binary string. Every byte is looked at,
   * whatever those before it were, so the time says nothing about them; `timingSafeEqual` takes
   * bytes, and to write those takes longer than this.
   */
  hasMac(expected: string): boolean {
    const start = this.#macAt
    let difference = 0
    for (let i = 0; i < MAC_BYTES; i++) {
      difference |= expected.charCodeAt(i) ^ this.view.getUint8(start + i)
    }
    return difference === 0
  }

  /** Where the token's HMAC is to go. */
  get mac(): Buffer {
    return this.#viewFrom(this.#macs, this.#macAt, this.#macAt + MAC_BYTES)
  }

  /** Seconds since the epoch; beyond 2^53, the nearest number there is. */
  get timestamp(): number {
    return this.view.getUint32(TIMESTAMP_AT) * 2 ** 32 + this.view.getUint32(TIMESTAMP_AT + 4)
  }

  /** Writes version and timestamp, the head of a new token. */
  begin(timestamp: number): void {
    this.view.setUint8(TOKEN_AT, VERSION)
    this.view.setUint32(TIMESTAMP_AT, Math.floor(timestamp / 2 ** 32))
    this.view.setUint32(TIMESTAMP_AT + 4, timestamp)
  }

  /** Decodes a token and says whether it has the form of one; nothing is authenticated. */
  decode(text: string, length: number): boolean {
    return decodeBase64Url(text, this.bytes, TOKEN_AT, length) && this.bytes[TOKEN_AT] === VERSION
  }

  /** Encodes the token whole. */
  encode(): string {
    return encodeBase64Url(this.bytes, TOKEN_AT, this.#macAt + MAC_BYTES)
  }

  get #macAt(): number {
    return CIPHERTEXT_AT + this.blocks * BLOCK_BYTES
  }

  #viewFrom(views: Buffer[], start: number, end: number): Buffer {
    return (views[this.blocks] ??= this.bytes.subarray(start, end))
  }
}

const kept = new TokenScratch(KEPT_BLOCKS)

/**
 * Returns memory for a token with so many blocks of ciphertext; what is in it is stale. Memory for a
 * large value is its own and goes with it, or one huge value would occupy it for good.
 */
export function scratchFor(blocks: number): TokenScratch {
  const scratch = blocks <= KEPT_BLOCKS ? kept : new TokenScratch(blocks)
  scratch.blocks = blocks
  return scratch
}

/** Returns the token decoded, or `undefined` if it does not have the form of one. */
export function loadToken(token: string): TokenScratch | undefined {
  const length = decodedLength(token)
  const blocks = (length - (1 + 8 + BLOCK_BYTES + MAC_BYTES)) / BLOCK_BYTES
  if (blocks < 1 || !Number.isInteger(blocks)) return undefined
  const scratch = scratchFor(blocks)
  return scratch.decode(token, length) ? scratch : undefined
}

/**
 * Returns the token decoded.
 *
 * @throws {@link InvalidTokenError} if it does not have the form of one
 */
export function requireToken(token: string | Uint8Array): TokenScratch {
  const scratch = loadToken(tokenText(token))
  if (scratch === undefined) throw new InvalidTokenError()
  return scratch
}

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
} from "node:crypto"

import { InvalidTokenError } from "../errors"
import type { BatchEngine } from "./batch-engine/batch-engine"
import type { BatchKey } from "./batch-engine/batch-key"
import { BlockStream } from "./block-stream"
import { findPadding, paddedBlocks, writePadding } from "./padding"
import type { PlaintextReader } from "./plaintext"
import { RandomPool } from "./random-pool"
import { beginToken, isPadded, type TokenBatch } from "./token-batch"
import { MAC_BYTES, TokenMac } from "./token-mac"
import { BLOCK_BYTES, CIPHERTEXT_AT, IV_AT, scratchFor, type TokenScratch } from "./token-scratch"

const ALGORITHM = "aes-128-cbc"
const FINGERPRINT_DOMAIN = "typeorm-fernet key fingerprint\0"
const FINGERPRINT_CHARACTERS = 8

/** Signing key ‖ encryption key. */
const KEY_BYTES = 16 + 16

/** The streams below use the first block of their life for nothing, so it is no secret. */
const FIRST_CHAIN = Buffer.alloc(BLOCK_BYTES)

const random = new RandomPool()

/**
 * One Fernet key at work, on tokens in scratch memory.
 *
 * Both directions of AES-CBC go through one long-lived {@link BlockStream}, as one endless message.
 *
 * To encrypt, the stream is given a fresh random block R and then the padded plaintext. The first
 * block that comes out is E(R ⊕ the block before). R is uniform and independent of everything that
 * came before, so R ⊕ anything is uniform, and so is its image under the permutation E: the block
 * is random and unpredictable, which is what CBC asks of an IV. It becomes the token's IV, and what
 * follows it is CBC under that IV, bit for bit what a new cipher would have returned. NIST SP
 * 800-38A, appendix C, gives this way of making IVs: the forward cipher under the same key, applied
 * to a nonce. Here the nonce is random and never leaves the process.
 *
 * To decrypt, the stream is given the IV and the ciphertext. The plaintext of a block depends on it
 * and the block before only, so what came before spoils no more than the first block that comes
 * out, which stands for the IV and is dropped.
 */
export class TokenKey {
  /** Eight hexadecimal characters to tell keys apart by. A hash in a domain of its own. */
  readonly fingerprint: string
  readonly #mac: TokenMac
  /** Signing key ‖ encryption key. */
  readonly #whole: KeyObject
  readonly #secret: KeyObject
  readonly #encryptor: BlockStream
  readonly #decryptor: BlockStream
  #inBatches: BatchKey | undefined

  /**
   * @param key - signing key ‖ encryption key; overwritten with zeros when it has been taken in
   * @param fingerprint - what it is called by instead of its own
   */
  constructor(key: Buffer, fingerprint: string = fingerprintOf(key)) {
    const secret = createSecretKey(key.subarray(16))
    this.fingerprint = fingerprint
    this.#mac = new TokenMac(key.subarray(0, 16))
    this.#whole = createSecretKey(key)
    this.#secret = secret
    // Never finished, a cipher adds no padding; a decipher would hold back what may be padding.
    this.#encryptor = new BlockStream(() => createCipheriv(ALGORITHM, secret, FIRST_CHAIN))
    this.#decryptor = new BlockStream(() =>
      createDecipheriv(ALGORITHM, secret, FIRST_CHAIN).setAutoPadding(false),
    )
    key.fill(0)
  }

  /**
   * Returns `plaintext` as a token (Fernet specification, "Generating").
   *
   * @param plaintext - well-formed text, or bytes that nothing else can change
   * @param timestamp - seconds since the epoch
   * @param iv - 16 bytes in place of a random IV
   * @internal
   */
  seal(plaintext: string | Uint8Array, timestamp: number, iv?: Uint8Array): string {
    const length = Buffer.byteLength(plaintext)
    const scratch = scratchFor(paddedBlocks(length))
    const { bytes, encrypted } = scratch
    scratch.begin(timestamp)
    if (typeof plaintext === "string") bytes.write(plaintext, CIPHERTEXT_AT)
    else bytes.set(plaintext, CIPHERTEXT_AT)
    writePadding(encrypted, BLOCK_BYTES + length, encrypted.length)
    // Ciphertext takes the place of the plaintext: none stays behind in scratch memory.
    bytes.set(iv === undefined ? this.#encrypt(scratch) : this.#encryptUnder(iv, scratch), IV_AT)
    return this.#sign(scratch)
  }

  /**
   * Turns the entries of a batch, whose plaintexts are padded, into tokens in the same order, as
   * {@link seal} does but with one call of the cipher, and empties the batch.
   *
   * @internal
   */
  sealBatch(batch: TokenBatch): readonly string[] {
    for (const { start } of batch.entries) random.takeBlock(batch.view, start)
    const { buffer, byteOffset } = this.#encryptor.transform(batch.bytes)
    const encrypted = new DataView(buffer, byteOffset)
    const tokens = batch.entries.map((entry) => this.#sign(beginToken(entry, encrypted)))
    batch.clear()
    return tokens
  }

  /**
   * Decrypts the entries of a batch, tokens that this key {@link signed}, in place. What stands for
   * their IVs is noise afterwards.
   *
   * @throws {@link InvalidTokenError} if the padding of one is wrong
   * @internal
   */
  openBatch(batch: TokenBatch): void {
    this.decryptBatch(batch)
    if (!isPadded(batch)) throw new InvalidTokenError()
  }

  /**
   * Decrypts as {@link openBatch} does, and leaves the padding to be looked at by the caller.
   *
   * @internal
   */
  decryptBatch(batch: TokenBatch): void {
    const padded = this.#decryptor.transform(batch.bytes)
    batch.replace(padded)
    padded.fill(0)
  }

  /**
   * Returns this key as an engine uses it: the same streams, and the same HMAC.
   *
   * @internal
   */
  inBatches(engine: BatchEngine): BatchKey {
    this.#inBatches ??= {
      states: this.#mac.statesFor(engine),
      encryptBlocks: (blocks) => this.#encryptor.transform(blocks),
      decryptBlocks: (blocks) => this.#decryptor.transform(blocks),
    }
    return this.#inBatches
  }

  /** Says whether this key signed the token, in a time that tells nothing about the right HMAC. */
  signed(token: TokenScratch): boolean {
    return token.hasMac(this.#mac.tagOf(token.authenticated))
  }

  /**
   * Decrypts a token that this key {@link signed}, and wipes the decrypted bytes when they are read.
   *
   * @throws {@link InvalidTokenError} if the padding is wrong
   */
  decrypt<T>(token: TokenScratch, read: PlaintextReader<T>): T {
    const padded = this.#decryptor.transform(token.encrypted)
    try {
      const end = findPadding(padded)
      if (end === undefined) throw new InvalidTokenError()
      return read(padded, BLOCK_BYTES, end)
    } finally {
      padded.fill(0)
    }
  }

  /**
   * Returns HMAC-SHA-256 under a key of its own for a purpose: derived from all 32 bytes of this key
   * by HKDF-SHA-256 without salt (RFC 5869), it tells nothing about this key or about others.
   *
   * @param info - the purpose, at most 1024 bytes of UTF-8
   */
  deriveMac(info: string): TokenMac {
    const derived = new Uint8Array(hkdfSync("sha256", this.#whole, "", info, MAC_BYTES))
    const mac = new TokenMac(derived)
    derived.fill(0)
    return mac
  }

  /**
   * Returns a key for a purpose, derived as {@link deriveMac} derives, and called by the fingerprint of
   * this one, which is the key that whoever reads a report has.
   *
   * @param info - the purpose, at most 1024 bytes
   */
  derive(info: Uint8Array): TokenKey {
    const derived = hkdfSync("sha256", this.#whole, "", info, KEY_BYTES)
    return new TokenKey(Buffer.from(derived), this.fingerprint)
  }

  /** Says whether both keys sign alike, so that no HMAC could tell their tokens apart. */
  signsAs(other: TokenKey): boolean {
    return this.#mac.tagOf(Buffer.alloc(64)) === other.#mac.tagOf(Buffer.alloc(64))
  }

  #sign(scratch: TokenScratch): string {
    scratch.mac.write(this.#mac.tagOf(scratch.authenticated), "latin1")
    return scratch.encode()
  }

  #encrypt(scratch: TokenScratch): Buffer {
    random.takeBlock(scratch.view, IV_AT)
    return this.#encryptor.transform(scratch.encrypted)
  }

  #encryptUnder(iv: Uint8Array, scratch: TokenScratch): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.#secret, iv)
    return Buffer.concat([iv, cipher.update(scratch.encrypted.subarray(BLOCK_BYTES))])
  }
}

function fingerprintOf(key: Buffer): string {
  const named = Buffer.concat([Buffer.from(FINGERPRINT_DOMAIN), key])
  return hash("sha256", named).slice(0, FINGERPRINT_CHARACTERS)
}

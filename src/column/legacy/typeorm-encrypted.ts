import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  getCipherInfo,
  type KeyObject,
  randomBytes,
} from "node:crypto"

import { KeyError } from "../../errors"
import type { LegacyReader } from "./legacy-reader"

/** The options that `typeorm-encrypted` was given for the column, under the names they have there. */
export interface TypeormEncryptedOptions {
  /** The key, in hexadecimal. */
  readonly key: string
  /** The cipher, as in `"aes-256-cbc"` or `"aes-256-gcm"`. */
  readonly algorithm: string
  /** The bytes of IV in front of the ciphertext. */
  readonly ivLength: number
  /** The one IV for all values, in hexadecimal, if there was one. */
  readonly iv?: string
  /** The bytes of authentication tag of a cipher that has one. Defaults to 16. */
  readonly authTagLength?: number
  /**
   * How the bytes are spelt: `"base64"`, as the transformers and the subscriber write them, or
   * `"hex"` or `"base64url"` where `encryptData` was called by hand. Defaults to `"base64"`.
   */
  readonly encoding?: "base64" | "base64url" | "hex"
  /**
   * Whether it was `JSONEncryptionTransformer`, which stores `{"encrypted":"…"}`; the codec is then
   * `"json"`. Defaults to `false`.
   */
  readonly json?: boolean
}

/**
 * Reads what the package `typeorm-encrypted` wrote: its `EncryptionTransformer`, its
 * `AutoEncryptSubscriber` and its `JSONEncryptionTransformer`, with any cipher that it works with.
 * Ciphers without an authentication tag, such as AES-CBC, do not prove that a cell is unaltered: see
 * {@link LegacyReader.authenticated}.
 *
 * @throws {@link KeyError} `ERR_KEY_INVALID` if the key is not one of the algorithm
 * @throws TypeError if another option is of no use
 *
 * @example
 * ```ts
 * @EncryptedColumn({ legacy: readTypeormEncrypted({ key, algorithm: "aes-256-cbc", ivLength: 16 }) })
 * secret: string
 * ```
 */
export function readTypeormEncrypted(options: TypeormEncryptedOptions): LegacyReader {
  const { encoding = "base64", json = false } = options
  const cipher = new PackedCipher(options)
  const textOf = (cell: string): string | undefined => (json ? unwrap(cell) : cell)
  return {
    authenticated: cipher.authenticates,
    is: (cell) => {
      const text = textOf(cell)
      if (text === undefined) return false
      const bytes = Buffer.from(text, encoding)
      // Node.js decodes anything, and this must be what was encoded
      return bytes.toString(encoding) === text && cipher.fits(bytes.length)
    },
    decode: (cell) => cipher.open(Buffer.from(textOf(cell) ?? "", encoding)),
    encode: (plaintext) => {
      const text = cipher.seal(plaintext).toString(encoding)
      return json ? JSON.stringify({ encrypted: text }) : text
    },
  }
}

function unwrap(cell: string): string | undefined {
  if (!/^\s*\{/.test(cell)) return undefined
  const { encrypted, ...others } = JSON.parse(cell) as { encrypted?: unknown }
  return Object.keys(others).length === 0 && typeof encrypted === "string" ? encrypted : undefined
}

/** A cipher whose output has everything in one piece: IV, authentication tag if any, ciphertext. */
class PackedCipher {
  readonly #algorithm: string
  readonly #key: KeyObject
  readonly #ivLength: number
  readonly #iv: Buffer | undefined
  readonly #tagLength: number
  readonly #blockSize: number

  constructor(options: TypeormEncryptedOptions) {
    const { algorithm, ivLength, iv, authTagLength = 16 } = options
    const { keyLength, mode, blockSize = 1 } = cipherOf(algorithm)
    this.#algorithm = algorithm
    this.#key = keyOf(options.key, algorithm, keyLength)
    this.#iv = iv === undefined ? undefined : Buffer.from(iv, "hex")
    if (
      !Number.isInteger(ivLength) ||
      ivLength < 0 ||
      (this.#iv ?? { length: ivLength }).length !== ivLength
    ) {
      throw new TypeError("ivLength must be the bytes of IV that typeorm-encrypted was set to use.")
    }
    this.#ivLength = ivLength
    // As that package tells them
    this.#tagLength = /-(gcm|ccm|ocb)$/.test(algorithm) ? authTagLength : 0
    this.#blockSize = mode === "cbc" || mode === "ecb" ? blockSize : 1
  }

  /** Whether it has an authentication tag. */
  get authenticates(): boolean {
    return this.#tagLength > 0
  }

  /** Whether so many bytes can be what it made. */
  fits(length: number): boolean {
    const ciphertext = length - this.#ivLength - this.#tagLength
    if (ciphertext < 0 || ciphertext % this.#blockSize !== 0) return false
    // Padding makes it a block at least
    return this.#blockSize === 1 || ciphertext > 0
  }

  /** Takes IV and tag off and decrypts the rest. Throws if that fails. */
  open(bytes: Buffer): Buffer {
    const tagEnd = this.#ivLength + this.#tagLength
    const iv = bytes.subarray(0, this.#ivLength)
    const decipher = createDecipheriv(this.#mode, this.#key, iv, this.#options)
    if (this.#tagLength > 0) decipher.setAuthTag(bytes.subarray(this.#ivLength, tagEnd))
    return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()])
  }

  /** Encrypts, and puts IV and tag in front. */
  seal(plaintext: string | Uint8Array): Buffer {
    const iv = this.#iv ?? randomBytes(this.#ivLength)
    const cipher = createCipheriv(this.#mode, this.#key, iv, this.#options)
    const bytes = typeof plaintext === "string" ? Buffer.from(plaintext, "utf8") : plaintext
    const ciphertext = [cipher.update(bytes), cipher.final()]
    const tag = this.#tagLength > 0 ? [cipher.getAuthTag()] : []
    return Buffer.concat([iv, ...tag, ...ciphertext])
  }

  /** Node 24 demands the tag of a cipher that is given its length, of which that package keeps none. */
  get #options(): { readonly authTagLength: number } {
    const options = this.#tagLength > 0 ? { authTagLength: this.#tagLength } : {}
    return options as { readonly authTagLength: number }
  }

  /** The types know the length of a tag as an option of some modes; the others pass over it. */
  get #mode(): "aes-256-ccm" {
    return this.#algorithm as "aes-256-ccm"
  }
}

function cipherOf(algorithm: string): NonNullable<ReturnType<typeof getCipherInfo>> {
  const info = typeof algorithm === "string" ? getCipherInfo(algorithm) : undefined
  if (!info) throw new TypeError("The algorithm is not a cipher of this Node.js.")
  return info
}

function keyOf(key: string, algorithm: string, length: number): KeyObject {
  if (typeof key === "string" && /^([\da-f]{2})+$/i.test(key) && key.length === 2 * length) {
    return createSecretKey(key, "hex")
  }
  throw new KeyError(
    "ERR_KEY_INVALID",
    `The key for what typeorm-encrypted wrote must be ${length} bytes in hexadecimal, which is ` +
      `what ${algorithm} takes.`,
  )
}

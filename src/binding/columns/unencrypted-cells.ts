import type { Codec, TextCodec } from "../../column/codec"
import {
  declaredReaders,
  isWriter,
  type LegacyReader,
  LegacyRefusal,
  legacyReaderOf,
  readLegacyCell,
} from "../../column/legacy/legacy-reader"
import { type PlaintextPhase, readsPlaintext } from "../../column/phase"
import { DecryptionError, type EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import { tokenShape } from "../../fernet/token-format"
import type { EncryptedColumnDeclaration } from "../../column/declaration"
import { describeDecodingFailure, encodeValue, invalidValue } from "./cell-codec"
import { countPlaintextRead } from "../events/tally"

/**
 * The cells of one column that are no tokens of the keyring: what a table held before it was
 * encrypted, and what the phases `"keep"` and `"index"` go on to write.
 */
export class UnencryptedCells {
  readonly #property: string
  readonly #phase: PlaintextPhase
  readonly #codec: Codec | TextCodec
  readonly #readers: readonly LegacyReader[]

  constructor(
    property: string,
    phase: PlaintextPhase,
    { legacy }: EncryptedColumnDeclaration,
    codec: Codec | TextCodec,
  ) {
    this.#property = property
    this.#phase = phase
    this.#codec = codec
    this.#readers = declaredReaders(legacy)
  }

  /**
   * Returns the value of a cell that is no token of the keyring, by a reader of its legacy form or as
   * the plaintext it is; `undefined` if it is, or was, a token that nothing here reads.
   *
   * @throws {@link DecryptionError} if such cells are not read, or this one cannot be
   */
  read(cell: string, keyring: Keyring): { readonly value: unknown } | undefined {
    const reader = this.#readerOf(cell)
    if (reader) return { value: this.#readLegacy(reader, cell, keyring) }
    if (tokenShape(cell) !== "plaintext") return undefined
    if (!readsPlaintext(this.#phase)) {
      throw this.#unreadable(
        "plaintext",
        "is not encrypted. Encrypt the existing rows of the table, and until then read them " +
          'with `plaintext: "allow"`',
      )
    }
    const value = this.#readPlaintext(cell)
    countPlaintextRead(this.#property, "plaintext")
    return { value }
  }

  /**
   * Returns the value of a cell that is no text, as the driver gives it for the type that the column had
   * before its table was to be encrypted; `undefined` if the codec takes no such value.
   */
  readNative(cell: unknown): { readonly value: unknown } | undefined {
    if (!readsPlaintext(this.#phase)) return undefined
    try {
      const value = this.#decode(encodeValue(this.#property, this.#codec, cell))
      countPlaintextRead(this.#property, "plaintext")
      return { value }
    } catch {
      // Its message may quote the cell
      return undefined
    }
  }

  /**
   * Returns the cell that holds a value without encryption, in its legacy form if there is one.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if it could not be read again
   */
  write(value: unknown, keyring: Keyring): string {
    const plaintext = encodeValue(this.#property, this.#codec, value)
    const reader = this.#readers.find(isWriter)
    if (reader) return this.#writeLegacy(reader, plaintext, keyring)
    const cell = typeof plaintext === "string" ? plaintext : textOf(plaintext)
    if (cell === undefined) {
      throw invalidValue(this.#property, "bytes that are not UTF-8 cannot be stored in plaintext")
    }
    if (tokenShape(cell) === "plaintext") return cell
    throw invalidValue(
      this.#property,
      `the value looks like a token, and would be taken for one where plaintext: "${this.#phase}" ` +
        "stores it as it is",
    )
  }

  #readerOf(cell: string): LegacyReader | undefined {
    try {
      return legacyReaderOf(this.#readers, cell)
    } catch (error) {
      throw this.#refused(error)
    }
  }

  #readLegacy(reader: LegacyReader, cell: string, keyring: Keyring): unknown {
    if (!readsPlaintext(this.#phase)) {
      throw this.#unreadable(
        "legacy",
        "is in its legacy form. Encrypt the existing rows of the table, and until then read them " +
          'with `plaintext: "allow"`',
      )
    }
    try {
      const { value } = readLegacyCell(reader, cell, this.#codec, keyring)
      countPlaintextRead(this.#property, reader.authenticated ? "authenticated" : "unauthenticated")
      return value
    } catch (error) {
      throw this.#refused(error)
    }
  }

  #refused(error: unknown): unknown {
    return error instanceof LegacyRefusal ? this.#unreadable("legacy", error.message) : error
  }

  #decode(plaintext: string | Uint8Array): unknown {
    const codec = this.#codec
    if ("decodeText" in codec) {
      return codec.decodeText(typeof plaintext === "string" ? plaintext : utf8.decode(plaintext))
    }
    return codec.decode(typeof plaintext === "string" ? Buffer.from(plaintext, "utf8") : plaintext)
  }

  #readPlaintext(cell: string): unknown {
    try {
      return this.#decode(cell)
    } catch (error) {
      throw this.#unreadable("plaintext", `is plaintext, but ${describeDecodingFailure(error)}`)
    }
  }

  #writeLegacy(reader: LegacyReader, plaintext: string | Uint8Array, keyring: Keyring): string {
    try {
      const cell: unknown = reader.encode?.(plaintext, keyring)
      if (typeof cell === "string" && tokenShape(cell) === "plaintext") return cell
    } catch {
      // Its message may quote the value
    }
    throw invalidValue(this.#property, "its legacy reader could not write the value")
  }

  #unreadable(reason: DecryptionError["reason"], problem: string): DecryptionError {
    return unreadable(this.#property, reason, problem)
  }
}

/** Says why a cell cannot be read, without a trace of it. */
export function unreadable(
  property: string,
  reason: DecryptionError["reason"],
  problem: string,
): DecryptionError {
  return new DecryptionError(
    property,
    reason,
    `${property} cannot be decrypted: the stored value ${problem}.`,
  )
}

/** By its code, since the error may be of a second copy of the package. */
export function isDecryptionError(error: unknown): error is DecryptionError {
  return (error as Partial<DecryptionError> | undefined)?.code === "ERR_DECRYPTION_FAILED"
}

/** By its code, since the keyring may come from a second copy of the package. */
export function isInvalidToken(error: unknown): boolean {
  return (error as Partial<EncryptionError> | undefined)?.code === "ERR_INVALID_TOKEN"
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

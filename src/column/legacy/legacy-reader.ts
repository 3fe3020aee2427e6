import { isUint8Array } from "node:util/types"

import type { Keyring } from "../../fernet/keyring"
import type { Codec, TextCodec } from "../codec"

/** What a reader may do with the keyring of its column: formats that wrap a token open it so. */
export type LegacyKeyring = Pick<Keyring, "decrypt" | "encrypt">

/**
 * Reads cells that another program or library encrypted, while a table is being taken over. Declared
 * on a column, it is asked for every cell that is no token of the keyring, under every value of
 * `plaintext` but `"reject"`.
 */
export interface LegacyReader {
  /**
   * Whether a cell is in the old form, by its structure alone: cheap, and without decrypting. A cell
   * that is not is plaintext. Defaults to every cell.
   */
  is?(cell: string): boolean

  /**
   * Returns the plaintext of a cell: text, or bytes that are UTF-8 unless the codec takes others.
   * Throws for a cell it cannot read; whatever it throws, the cell counts as unreadable and the error
   * is dropped, since it may quote what was decrypted.
   */
  decode(cell: string, keyring: LegacyKeyring): string | Uint8Array

  /**
   * Returns the cell that the old application would have written for a plaintext, the text or the
   * bytes of the codec. Only the phases `"keep"` and `"index"` of a rolling deployment write it, so
   * that the releases before can read it; without it these are refused.
   */
  encode?(plaintext: string | Uint8Array, keyring: LegacyKeyring): string

  /**
   * Whether `decode` proves that the cell was made with the key and is unaltered, as AES-GCM and
   * Fernet do. If not, as with AES-CBC, a wrong key or an altered cell may yield garbage, which bulk
   * encryption would seal: it then looks at a sample first and wants a word. Defaults to `false`.
   */
  readonly authenticated?: boolean
}

/** What `@EncryptedColumn({ legacy })` takes: one reader, or several, the first that fits first. */
export type LegacyDeclaration = LegacyReader | readonly LegacyReader[]

/** Returns the readers that were declared. */
export function declaredReaders(
  declaration: LegacyDeclaration | undefined,
): readonly LegacyReader[] {
  if (declaration === undefined) return []
  return Array.isArray(declaration)
    ? (declaration as readonly LegacyReader[])
    : [declaration as LegacyReader]
}

/** Whether a reader can also write its form. */
export function isWriter(reader: LegacyReader): boolean {
  return typeof reader.encode === "function"
}

/**
 * Why a cell in the old form cannot be read. One error for every cause, a wrong key, an altered cell,
 * text that is not UTF-8: what tells them apart would help whoever alters cells of an unauthenticated
 * form to read them.
 */
export class LegacyRefusal extends Error {
  static {
    this.prototype.name = "LegacyRefusal"
  }

  constructor() {
    super("is in its legacy form, and could not be read in it")
  }
}

/**
 * Returns the reader whose form a cell has, if there is one.
 *
 * @param cell - one that is no token of the keyring
 * @throws {@link LegacyRefusal} if a reader fails to say
 */
export function legacyReaderOf(
  readers: readonly LegacyReader[],
  cell: string,
): LegacyReader | undefined {
  try {
    return readers.find((reader) => reader.is?.(cell) ?? true)
  } catch {
    throw new LegacyRefusal()
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** What a cell in the old form holds. */
export interface LegacyCell {
  /** As it goes into a token. */
  readonly plaintext: string | Uint8Array
  /** As the property has it. */
  readonly value: unknown
}

/**
 * Reads a cell in the old form, all the way to the value.
 *
 * @param keyring - that of the column
 * @throws {@link LegacyRefusal} whatever goes wrong
 */
export function readLegacyCell(
  reader: LegacyReader,
  cell: string,
  codec: Codec | TextCodec,
  keyring: LegacyKeyring,
): LegacyCell {
  try {
    const decoded: unknown = reader.decode(cell, keyring)
    if ("decodeText" in codec) {
      const plaintext = toText(decoded)
      return { plaintext, value: codec.decodeText(plaintext) }
    }
    const plaintext = toBytes(decoded)
    // The bytes that a codec is given are its to keep
    return { plaintext, value: codec.decode(Uint8Array.from(plaintext)) }
  } catch {
    throw new LegacyRefusal()
  }
}

function toText(plaintext: unknown): string {
  if (isUint8Array(plaintext)) return utf8.decode(plaintext)
  if (typeof plaintext === "string" && plaintext.isWellFormed()) return plaintext
  throw new LegacyRefusal()
}

function toBytes(plaintext: unknown): Uint8Array {
  return isUint8Array(plaintext) ? plaintext : Buffer.from(toText(plaintext), "utf8")
}

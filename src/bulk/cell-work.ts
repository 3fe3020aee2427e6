import type { Codec, TextCodec } from "../column/codec"
import { describeDecodingFailure } from "../binding/columns/cell-codec"
import type { Cell } from "../dialect/dialect"
import type { Keyring } from "../fernet/keyring"
import type { BulkColumn } from "./bulk-target"
import type { ClassifiedCell } from "./cell-state"

/** What is to become of a cell: the new one, nothing (`undefined`), or a problem. */
export type CellVerdict = { readonly cell: string } | { readonly problem: string } | undefined

/** Decides about one cell of a known state. */
export type CellWork = (cell: string, state: ClassifiedCell, column: BulkColumn) => CellVerdict

/** Encrypts plaintext under the first key; tokens are left as they are. */
export function encryptWork(keyring: Keyring): CellWork {
  return (cell, { state }, { label, codec }) => {
    if (state !== "plaintext") return undefined
    try {
      decodeCell(codec, cell)
      return { cell: keyring.encrypt(cell) }
    } catch (error) {
      return { problem: `${label} is left in plaintext: ${describeDecodingFailure(error)}.` }
    }
  }
}

/** Moves tokens under other keys to the first, with their timestamps. */
export function rotateWork(keyring: Keyring): CellWork {
  return (cell, { state }) => (state === "stale" ? { cell: keyring.rotate(cell) } : undefined)
}

/** Turns every token into its plaintext. */
export function decryptWork(keyring: Keyring): CellWork {
  return (cell, { state }, { label }) => {
    if (state !== "current" && state !== "stale") return undefined
    try {
      const text = keyring.decryptText(cell)
      // PostgreSQL's text cannot hold it, and one such cell would fail the batch
      if (!text.includes("\0")) return { cell: text }
      return { problem: `${label} is left encrypted: its plaintext holds a NUL character.` }
    } catch {
      return { problem: `${label} is left encrypted: its plaintext is not text.` }
    }
  }
}

/** Looks without touching. */
export const inspectWork: CellWork = () => undefined

/** Decodes plaintext as its column would; throws what the codec throws. */
export function decodeCell(codec: Codec | TextCodec, plaintext: NonNullable<Cell>): void {
  if ("decodeText" in codec) codec.decodeText(plaintext)
  else codec.decode(Buffer.from(plaintext, "utf8"))
}

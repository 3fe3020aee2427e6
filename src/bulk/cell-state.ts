import type { Cell } from "../dialect/dialect"
import type { Keyring } from "../fernet/keyring"
import { mayBeToken, tokenShape } from "../fernet/token-format"

/**
 * What a cell holds, decided by structure and HMAC: `null`; `plaintext`; `current`, a token under
 * the first key; `stale`, a token under another key of the keyring; `unreadable`, a token that no
 * key opens, or a damaged one.
 */
export type CellState = "current" | "null" | "plaintext" | "stale" | "unreadable"

/** A cell's state, and for a token that opens the position of its key. */
export interface ClassifiedCell {
  readonly state: CellState
  readonly keyIndex?: number
}

/** Classifies a cell. Most plaintext is told from a token by its first characters. */
export function classifyCell(cell: Cell, keyring: Keyring): ClassifiedCell {
  if (cell === null) return { state: "null" }
  if (!beginsAsToken(cell)) return { state: "plaintext" }
  const keyIndex = keyring.keyIndexOf(cell)
  if (keyIndex !== undefined) return { state: keyIndex === 0 ? "current" : "stale", keyIndex }
  return { state: tokenShape(cell) === "plaintext" ? "plaintext" : "unreadable" }
}

/** Whether a text begins as tokens do, if not at once. */
export function beginsAsToken(text: string): boolean {
  return mayBeToken(text.trimStart())
}

import type { Cell } from "../../dialect/batch"
import type { Keyring } from "../../fernet/keyring"
import { mayBeToken, tokenShape } from "../../fernet/token-format"

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

/** Cells in the same state share one object, so that they are counted by identity. */
export const NULL: ClassifiedCell = { state: "null" }
export const PLAINTEXT: ClassifiedCell = { state: "plaintext" }
export const CURRENT: ClassifiedCell = { state: "current", keyIndex: 0 }
const UNREADABLE: ClassifiedCell = { state: "unreadable" }
const underKey: ClassifiedCell[] = [CURRENT]

/** Classifies a cell. Most plaintext is told from a token by its first characters. */
export function classifyCell(cell: Cell, keyring: Keyring): ClassifiedCell {
  if (cell === null) return NULL
  if (!beginsAsToken(cell)) return PLAINTEXT
  const keyIndex = keyring.keyIndexOf(cell)
  if (keyIndex !== undefined) return openedBy(keyIndex)
  return tokenShape(cell) === "plaintext" ? PLAINTEXT : UNREADABLE
}

/** Classifies a token by the position of the key that opens it. */
export function openedBy(keyIndex: number): ClassifiedCell {
  return (underKey[keyIndex] ??= { state: "stale", keyIndex })
}

/** Whether a cell is a token that opens. */
export function opens({ keyIndex }: ClassifiedCell): boolean {
  return keyIndex !== undefined
}

/** Whether a text begins as tokens do, if not at once. */
export function beginsAsToken(text: string): boolean {
  return mayBeToken(text.trimStart())
}

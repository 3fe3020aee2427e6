import type { Cell } from "../dialect/batch"
import { keyIndexesOf } from "../fernet/key-indexes"
import type { Keyring } from "../fernet/keyring"
import { mayBeToken, tokenShape } from "../fernet/token-format"
import { legacyReaderOf, readLegacyCell } from "../column/legacy/legacy-reader"
import type { BulkColumn } from "./bulk-target"

/**
 * What a cell holds, decided by structure and HMAC: `null`; `plaintext`; `legacy`, a form that a
 * reader of its column reads; `current`, a token under the first key; `stale`, a token under another
 * key of the keyring; `shared`, a token under the keys that all columns share, in a column that has its
 * own; `unreadable`, a token that no key opens, a damaged one, or a legacy form that its reader cannot
 * read.
 *
 * Of a column with `paths`, a cell is in the state of the leaf that asks for most, in this order:
 * `unreadable`, `plaintext`, `legacy`, `stale`, `shared`, `current`; and `null` if its document has no
 * leaf. What is no document is `unreadable`.
 */
export type CellState =
  "current" | "legacy" | "null" | "plaintext" | "shared" | "stale" | "unreadable"

/**
 * What a companion cell holds: `current`, the index value of the row under the first key; `missing`,
 * NULL where there should be one; `stale`, anything else, as an index value under an older key.
 */
export type IndexState = "current" | "missing" | "stale"

/** A cell's state, and for a token that opens the position of its key. */
export interface ClassifiedCell {
  readonly state: CellState
  readonly keyIndex?: number
}

/** Cells in the same state share one object, so that they are counted by identity. */
export const NULL: ClassifiedCell = { state: "null" }
export const PLAINTEXT: ClassifiedCell = { state: "plaintext" }
export const CURRENT: ClassifiedCell = { state: "current", keyIndex: 0 }
export const LEGACY: ClassifiedCell = { state: "legacy" }
export const UNREADABLE: ClassifiedCell = { state: "unreadable" }
/** In the legacy form of its column, which failed to read it. */
export const UNREADABLE_LEGACY: ClassifiedCell = { state: "unreadable" }
/** No document, where the parts of one are encrypted. */
export const NO_DOCUMENT: ClassifiedCell = { state: "unreadable" }
/** Under a shared key that its column does not take. */
export const BARRED: ClassifiedCell = { state: "shared" }
const underKey: ClassifiedCell[] = [CURRENT]
const leaving: ClassifiedCell[] = []

/** Classifies a cell. Most plaintext is told from a token by its first characters. */
export function classifyCell(cell: Cell, keyring: Keyring): ClassifiedCell {
  if (cell === null) return NULL
  return beginsAsToken(cell) ? tokenState(cell, keyring.keyIndexOf(cell), keyring) : PLAINTEXT
}

/** @param keyIndex - the position of the key that opens it, if one does */
function tokenState(cell: string, keyIndex: number | undefined, keyring: Keyring): ClassifiedCell {
  if (keyIndex !== undefined) return openedBy(keyIndex, keyring)
  if (tokenShape(cell) === "plaintext") return PLAINTEXT
  return keyring.isBarred(cell) ? BARRED : UNREADABLE
}

/** What the cells of a column are. */
export interface ClassifiedCells {
  readonly states: readonly ClassifiedCell[]
  /** By row, what those in a legacy form hold. */
  readonly legacy: ReadonlyMap<number, string | Uint8Array>
}

/** Classifies the cells of a column, and reads those in its legacy form. */
export function classifyCells(
  cells: readonly Cell[],
  { readers, codec }: Pick<BulkColumn, "codec" | "readers">,
  keyring: Keyring,
): ClassifiedCells {
  const legacy = new Map<number, string | Uint8Array>()
  const states = cellStates(cells, keyring)
  if (readers.length === 0) return { states, legacy }
  const read = states.map((state, row) => {
    const cell = cells[row] ?? null
    if (cell === null || opens(state)) return state
    try {
      const reader = legacyReaderOf(readers, cell)
      if (!reader) return state
      legacy.set(row, readLegacyCell(reader, cell, codec, keyring.sharedRing()).plaintext)
      return LEGACY
    } catch {
      return UNREADABLE_LEGACY
    }
  })
  return { states: read, legacy }
}

/** Classifies cells as {@link classifyCell} does, all that may be tokens together, which is faster. */
function cellStates(cells: readonly Cell[], keyring: Keyring): readonly ClassifiedCell[] {
  const rows: number[] = []
  const tokens: string[] = []
  const states = cells.map((cell, row) => {
    if (cell === null) return NULL
    if (beginsAsToken(cell)) {
      rows.push(row)
      tokens.push(cell)
    }
    return PLAINTEXT
  })
  keyIndexesOf(keyring, tokens).forEach((keyIndex, i) => {
    states[rows[i] ?? 0] = tokenState(tokens[i] ?? "", keyIndex, keyring)
  })
  return states
}

/** Classifies a token by the position of the key that opens it. */
export function openedBy(keyIndex: number, keyring: Keyring): ClassifiedCell {
  if (keyring.isLeaving(keyIndex)) return (leaving[keyIndex] ??= { state: "shared", keyIndex })
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

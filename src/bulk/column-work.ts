import type { NewCells } from "../dialect/column-access"
import type { Cell } from "../dialect/dialect"
import { EncryptionError } from "../errors"
import type { Keyring } from "../fernet/keyring"
import type { BulkColumn } from "./bulk-target"
import { beginsAsToken, classifyCell, type ClassifiedCell } from "./cell-state"
import { type CellWork, decodeCell } from "./cell-work"

/** What a batch holds in one column, and what is to become of it. */
export interface ColumnVerdict {
  readonly found: readonly ClassifiedCell[]
  readonly newCells: NewCells
  /** What the new cells are. */
  readonly become: ClassifiedCell
}

/**
 * Decides about the cells of a column in a whole batch, in less time than about one after the other.
 * `undefined` if there are any that something is wrong with: such a batch goes row by row.
 */
export type ColumnWork = (cells: readonly Cell[], column: BulkColumn) => ColumnVerdict | undefined

/** What tokens are that were just made. */
const CURRENT: ClassifiedCell = { state: "current", keyIndex: 0 }
const NULL: ClassifiedCell = { state: "null" }
const PLAINTEXT: ClassifiedCell = { state: "plaintext" }

/** Encrypts as `encryptWork` does. */
export function encryptColumn(keyring: Keyring): ColumnWork {
  return (cells, { codec }) => {
    const found = classifyAll(cells, keyring)
    if (found === undefined) return undefined
    const texts = cells.filter((_, i) => found[i] === PLAINTEXT) as string[]
    if (!texts.every((text) => isDecodable(text, codec))) return undefined
    const tokens = keyring.encryptMany(texts)
    return { found, newCells: spread(tokens, found, PLAINTEXT), become: CURRENT }
  }
}

/** Rotates as `rotateWork` does. */
export function rotateColumn(keyring: Keyring): ColumnWork {
  const stale = keyring.fingerprints.map((_, keyIndex): ClassifiedCell =>
    keyIndex === 0 ? CURRENT : { state: "stale", keyIndex },
  )
  return (cells) => {
    const tokens = cells.filter((cell) => cell !== null && beginsAsToken(cell)) as string[]
    const rotated = rotateAll(keyring, tokens)
    if (rotated === undefined) return undefined
    let next = 0
    const found: ClassifiedCell[] = []
    const newCells = cells.map((cell) => {
      const quick = quickState(cell)
      const result = quick ? undefined : rotated[next++]
      found.push(quick ?? stale[result?.keyIndex ?? 0] ?? CURRENT)
      return result?.token
    })
    return { found, newCells, become: CURRENT }
  }
}

/**
 * Decides as work on single cells does, for what takes its time with each of them anyway, and leaves
 * plaintext if anything.
 */
export function cellByCell(
  workOn: (keyring: Keyring) => CellWork,
): (keyring: Keyring) => ColumnWork {
  return (keyring) => {
    const work = workOn(keyring)
    return (cells, column) => {
      const found = classifyAll(cells, keyring)
      if (found === undefined) return undefined
      const newCells = new Array<string | undefined>(cells.length)
      for (const [i, cell] of cells.entries()) {
        const verdict = cell === null ? undefined : work(cell, found[i] ?? PLAINTEXT, column)
        if (verdict && ("problem" in verdict || beginsAsToken(verdict.cell))) return undefined
        newCells[i] = verdict?.cell
      }
      return { found, newCells, become: PLAINTEXT }
    }
  }
}

/** Looks without touching, as `inspectWork` does. */
export function inspectColumn(keyring: Keyring): ColumnWork {
  return (cells) => {
    const found = classifyAll(cells, keyring)
    return found && { found, newCells: [], become: CURRENT }
  }
}

/** Returns the states of all cells, or `undefined` if a cell is neither a token nor unlike one. */
function classifyAll(
  cells: readonly Cell[],
  keyring: Keyring,
): readonly ClassifiedCell[] | undefined {
  const found = cells.map((cell) => quickState(cell) ?? classifyToken(cell, keyring))
  return found.includes(undefined) ? undefined : (found as ClassifiedCell[])
}

function quickState(cell: Cell): ClassifiedCell | undefined {
  if (cell === null) return NULL
  return beginsAsToken(cell) ? undefined : PLAINTEXT
}

function classifyToken(cell: Cell, keyring: Keyring): ClassifiedCell | undefined {
  const classified = classifyCell(cell, keyring)
  if (classified.state === "current") return CURRENT
  return classified.state === "stale" ? classified : undefined
}

function rotateAll(
  keyring: Keyring,
  tokens: readonly string[],
): ReturnType<Keyring["rotateMany"]> | undefined {
  try {
    const rotated = keyring.rotateMany(tokens)
    return rotated.includes(undefined) ? undefined : rotated
  } catch (error) {
    if (error instanceof EncryptionError) return undefined
    throw error
  }
}

function isDecodable(text: string, codec: BulkColumn["codec"]): boolean {
  try {
    decodeCell(codec, text)
    return true
  } catch {
    return false
  }
}

/** Puts tokens in the places of the cells of one state. */
function spread(
  tokens: readonly string[],
  found: readonly ClassifiedCell[],
  state: ClassifiedCell,
): NewCells {
  let next = 0
  return found.map((one) => (one === state ? tokens[next++] : undefined))
}

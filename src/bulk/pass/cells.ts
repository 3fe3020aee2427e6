import { describeDecodingFailure } from "../../binding/columns/cell-codec"
import type { Cell, NewCells } from "../../dialect/batch"
import { EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import type { BulkColumn } from "../bulk-target"
import {
  beginsAsToken,
  classifyCell,
  type ClassifiedCell,
  CURRENT,
  openedBy,
  opens,
  PLAINTEXT,
} from "./cell-state"

/** What the cells of one column are in a batch, and what is to become of them. */
export interface CellDecisions {
  readonly states: readonly ClassifiedCell[]
  readonly newCells: NewCells
  /** By row, why a cell cannot be dealt with. Never its content. */
  readonly problems: ReadonlyMap<number, string>
}

/** The same, and the ring that the cells are under. */
export interface ColumnDecisions extends CellDecisions {
  readonly keyring: Keyring
}

/** What a run makes of cells: of a column in a batch at once, which is faster than one by one. */
export interface CellJob {
  /** Decides about the cells of a column, which are all under one keyring. */
  decide(cells: readonly Cell[], column: BulkColumn, keyring: Keyring): CellDecisions
  /** Says what a cell is that this job made. */
  madeState(cell: Cell, keyring: Keyring): ClassifiedCell
}

/** Encrypts plaintext under the first key; tokens are left as they are. */
export const encrypting: CellJob = {
  decide(cells, { label, codec }, keyring) {
    const states = cells.map((cell) => classifyCell(cell, keyring))
    const problems = new Map<number, string>()
    const texts: string[] = []
    const rows: number[] = []
    for (const [row, cell] of cells.entries()) {
      if (cell === null || states[row] !== PLAINTEXT) continue
      const failure = whyUndecodable(codec, cell)
      if (failure !== undefined) {
        problems.set(row, `${label} is left in plaintext: ${failure}.`)
        continue
      }
      rows.push(row)
      texts.push(cell)
    }
    const tokens = keyring.encryptMany(texts)
    const newCells = new Array<Cell | undefined>(cells.length)
    for (const [i, row] of rows.entries()) newCells[row] = tokens[i]
    return { states, newCells, problems }
  },

  madeState: () => CURRENT,
}

/** Moves tokens under other keys to the first, with their timestamps. */
export const rotating: CellJob = {
  decide(cells, { label }, keyring) {
    const tokens = cells.filter((cell) => cell !== null && beginsAsToken(cell)) as string[]
    const rotated = rotateAll(keyring, tokens)
    const problems = new Map<number, string>()
    const states: ClassifiedCell[] = []
    let next = 0
    const newCells = cells.map((cell, row) => {
      const result = cell !== null && beginsAsToken(cell) ? rotated[next++] : undefined
      const state = result ? openedBy(result.keyIndex) : classifyCell(cell, keyring)
      states.push(state)
      if (state.state === "stale" && result?.token === undefined) {
        problems.set(row, `${label} is left under an older key: its token is malformed inside.`)
      }
      return result?.token
    })
    return { states, newCells, problems }
  },

  madeState: () => CURRENT,
}

/** Turns every token into its plaintext. */
export const decrypting: CellJob = {
  decide(cells, { label }, keyring) {
    const states = cells.map((cell) => classifyCell(cell, keyring))
    const problems = new Map<number, string>()
    const newCells = cells.map((cell, row) => {
      if (cell === null || !opens(states[row] ?? PLAINTEXT)) return undefined
      const text = decryptText(keyring, cell)
      // PostgreSQL's text cannot hold it, and one such cell would fail the batch
      if (text !== undefined && !text.includes("\0")) return text
      const why = text === undefined ? "is not text" : "holds a NUL character"
      problems.set(row, `${label} is left encrypted: its plaintext ${why}.`)
      return undefined
    })
    return { states, newCells, problems }
  },

  madeState: classifyCell,
}

/** Looks without touching. */
export const inspecting: CellJob = {
  decide(cells, _, keyring) {
    const states = cells.map((cell) => classifyCell(cell, keyring))
    return { states, newCells: [], problems: new Map() }
  },

  madeState: classifyCell,
}

/** Looks at what tokens open to as well. A cell that does not open is a failure of every job. */
export const verifying: CellJob = {
  decide(cells, column, keyring) {
    const states = cells.map((cell) => classifyCell(cell, keyring))
    const problems = new Map<number, string>()
    for (const [row, cell] of cells.entries()) {
      const problem = cell === null ? undefined : whyUnproven(cell, states[row], column, keyring)
      if (problem !== undefined) problems.set(row, problem)
    }
    return { states, newCells: [], problems }
  },

  madeState: classifyCell,
}

function whyUnproven(
  cell: string,
  state: ClassifiedCell | undefined,
  { label, codec }: BulkColumn,
  keyring: Keyring,
): string | undefined {
  if (state === PLAINTEXT) return `${label} holds plaintext.`
  if (!state || !opens(state)) return undefined
  try {
    if ("decodeText" in codec) codec.decodeText(keyring.decryptText(cell))
    else codec.decode(keyring.decrypt(cell))
    return undefined
  } catch (error) {
    return `${label} opens, but ${describeDecodingFailure(error)}.`
  }
}

function whyUndecodable(codec: BulkColumn["codec"], plaintext: string): string | undefined {
  try {
    if ("decodeText" in codec) codec.decodeText(plaintext)
    else codec.decode(Buffer.from(plaintext, "utf8"))
    return undefined
  } catch (error) {
    return describeDecodingFailure(error)
  }
}

/** `undefined` for what is no text, or malformed inside. */
function decryptText(keyring: Keyring, token: string): string | undefined {
  try {
    return keyring.decryptText(token)
  } catch {
    return undefined
  }
}

type Rotated = ReturnType<Keyring["rotateMany"]>[number]

/** One by one if a token that one of the keys signed is malformed inside. */
function rotateAll(keyring: Keyring, tokens: readonly string[]): readonly Rotated[] {
  try {
    return keyring.rotateMany(tokens)
  } catch (error) {
    if (!(error instanceof EncryptionError)) throw error
    if (tokens.length === 1) return [undefined]
    return tokens.flatMap((token) => rotateAll(keyring, [token]))
  }
}

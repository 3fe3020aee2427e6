import { isUtf8 } from "node:buffer"

import { describeDecodingFailure } from "../../binding/columns/cell-codec"
import type { Padding } from "../../column/padding"
import type { Cell, PrimaryKey, NewCells } from "../../dialect/batch"
import { EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
import type { BulkColumn } from "../bulk-target"
import { primaryKeyText } from "../report"
import {
  beginsAsToken,
  classifyCell,
  type ClassifiedCell,
  type ClassifiedCells,
  classifyCells,
  CURRENT,
  LEGACY,
  openedBy,
  opens,
  PLAINTEXT,
  UNREADABLE,
} from "../cell-state"
import { plaintextOf } from "../leaf-cells"
import { foreignMark } from "./foreign-marks"

/** What the cells of one column are in a batch, and what is to become of them. */
export interface CellDecisions extends ClassifiedCells {
  readonly newCells: NewCells
  /** By row, why a cell cannot be dealt with. Never its content. */
  readonly problems: ReadonlyMap<number, string>
  /** What the new cells are, where that is not to be told from one by itself. */
  readonly made?: readonly ClassifiedCell[]
}

/** The same, and the ring that the cells are under. */
export interface ColumnDecisions extends CellDecisions {
  readonly keyring: Keyring
}

/** What a run makes of cells: of a column in a batch at once, which is faster than one by one. */
export interface CellJob {
  /**
   * Decides about the cells of a column, which are all under one keyring.
   *
   * @param primaryKeyAt - tells the key of a row
   */
  decide(
    cells: readonly Cell[],
    column: BulkColumn,
    keyring: Keyring,
    primaryKeyAt: (row: number) => PrimaryKey,
  ): CellDecisions
  /** Says what a cell is that this job made. */
  madeState(cell: Cell, keyring: Keyring): ClassifiedCell
  /**
   * What leaves of documents are after it: `sealed`, so that nothing a path would name is in plaintext;
   * `opened`, so that they are JSON again. Defaults to what they were.
   */
  readonly leaves?: "opened" | "sealed"
  /** Whether the cells of a row are text although they look like tokens. Defaults to none. */
  isDeclaredText?(primaryKey: PrimaryKey): boolean
}

/** What is to be encrypted besides what is plainly plaintext. */
export interface EncryptingOptions {
  /** Whether plaintext is encrypted that looks as if something else had encrypted it. */
  readonly wrapForeign: boolean
  /** The rows, by {@link primaryKeyText}, whose cells are text although they look like tokens. */
  readonly asPlaintext: ReadonlySet<string>
}

/**
 * Encrypts plaintext, and what is in a legacy form, under the first key; tokens are left as they are.
 */
export function encrypting({ wrapForeign, asPlaintext }: EncryptingOptions): CellJob {
  const isDeclaredText = (primaryKey: PrimaryKey): boolean =>
    asPlaintext.has(primaryKeyText(primaryKey))
  return {
    leaves: "sealed",
    isDeclaredText,

    decide(cells, column, keyring, primaryKeyAt) {
      const classified = classifyCells(cells, column, keyring)
      const states = classified.states.map((state, row) => {
        return state === UNREADABLE && isDeclaredText(primaryKeyAt(row)) ? PLAINTEXT : state
      })
      const problems = new Map<number, string>()
      const sealed = new Sealing(keyring, column.padding)
      for (const [row, cell] of cells.entries()) {
        const legacy = classified.legacy.get(row)
        if (legacy !== undefined) sealed.add(row, legacy)
        if (cell === null || states[row] !== PLAINTEXT) continue
        const isDeclared = classified.states[row] !== PLAINTEXT
        const problem = whyLeft(column, cell, wrapForeign || isDeclared)
        if (problem === undefined) sealed.add(row, cell)
        else problems.set(row, problem)
      }
      return { states, legacy: classified.legacy, newCells: sealed.cells(cells.length), problems }
    },

    madeState: () => CURRENT,
  }
}

/** Plaintexts on their way into tokens: together, which is faster. */
class Sealing {
  readonly #keyring: Keyring
  readonly #plaintexts = new Map<number, Plaintext>()
  readonly #padding: Padding | undefined

  constructor(keyring: Keyring, padding: Padding | undefined) {
    this.#keyring = keyring
    this.#padding = padding
  }

  add(row: number, plaintext: Plaintext): void {
    this.#plaintexts.set(row, this.#padding?.pad(plaintext) ?? plaintext)
  }

  cells(count: number): NewCells {
    const cells = new Array<Cell | undefined>(count)
    const tokens = this.#keyring.encryptMany([...this.#plaintexts.values()])
    for (const [i, row] of [...this.#plaintexts.keys()].entries()) cells[row] = tokens[i]
    return cells
  }
}

function whyLeft(column: BulkColumn, cell: string, wrapForeign: boolean): string | undefined {
  const { label, codec } = column
  const failure = whyUndecodable(codec, cell)
  if (failure !== undefined) return `${label} is left in plaintext: ${failure}.`
  const mark = wrapForeign ? undefined : foreignMark(plaintextOf(column, cell))
  if (mark === undefined) return undefined
  return `${label} is left as it is: it looks encrypted by something else, by ${mark}.`
}

/** Moves tokens under other keys to the first, with their timestamps, and pads those that are to be. */
export const rotating: CellJob = {
  decide(cells, column, keyring) {
    const { label, padding } = column
    const tokens = cells.filter((cell) => cell !== null && beginsAsToken(cell)) as string[]
    const rotated = rotateAll(keyring, tokens).map((result) => padRotated(result, keyring, padding))
    const problems = new Map<number, string>()
    let next = 0
    const results = cells.map((cell) =>
      cell !== null && beginsAsToken(cell) ? rotated[next++] : undefined,
    )
    const others = cells.map((cell, row) => (results[row] ? null : cell))
    const { states: otherStates, legacy } = classifyCells(others, column, keyring)
    const states: ClassifiedCell[] = []
    const newCells = cells.map((_, row) => {
      const result = results[row]
      const state = result ? openedBy(result.keyIndex, keyring) : (otherStates[row] ?? UNREADABLE)
      states.push(state)
      if (opens(state) && state !== CURRENT && result?.token === undefined) {
        problems.set(row, `${label} is left under an older key: its token is malformed inside.`)
      }
      return result?.token
    })
    return { states, legacy, newCells, problems }
  },

  madeState: () => CURRENT,
}

/** Turns every token into its plaintext. */
export const decrypting: CellJob = {
  leaves: "opened",

  decide(cells, column, keyring) {
    const { label, padding } = column
    const { states, legacy } = classifyCells(cells, column, keyring)
    const problems = new Map<number, string>()
    const newCells = Array<Cell | undefined>(cells.length).fill(undefined)
    openedTexts(cells, states, keyring, padding).forEach((text, row) => {
      newCells[row] = text
      if (text === undefined) {
        problems.set(row, `${label} is left encrypted: its plaintext is not text.`)
      }
    })
    return { states, legacy, newCells, problems }
  },

  madeState: classifyCell,
}

/** Looks without touching. */
export const inspecting: CellJob = {
  decide(cells, column, keyring) {
    return { ...classifyCells(cells, column, keyring), newCells: [], problems: new Map() }
  },

  madeState: classifyCell,
}

/** Looks at what tokens open to as well. A cell that does not open is a failure of every job. */
export const verifying: CellJob = {
  leaves: "sealed",

  decide(cells, column, keyring) {
    const { states, legacy } = classifyCells(cells, column, keyring)
    const problems = new Map<number, string>()
    for (const [row, cell] of cells.entries()) {
      const problem = cell === null ? undefined : whyUnproven(cell, states[row], column, keyring)
      if (problem !== undefined) problems.set(row, problem)
    }
    return { states, legacy, newCells: [], problems }
  },

  madeState: classifyCell,
}

function whyUnproven(
  cell: string,
  state: ClassifiedCell | undefined,
  { label, codec, padding }: BulkColumn,
  keyring: Keyring,
): string | undefined {
  if (state === PLAINTEXT) return `${label} holds plaintext.`
  if (state === LEGACY) return `${label} is in its legacy form.`
  if (!state || !opens(state)) return undefined
  try {
    if ("decodeText" in codec) codec.decodeText(textOf(keyring, cell, padding))
    else codec.decode(bytesOf(keyring, cell, padding))
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

/** The texts that tokens open to, by their rows: together, which is faster. `undefined` is none. */
export function openedTexts(
  cells: readonly Cell[],
  states: readonly ClassifiedCell[],
  keyring: Keyring,
  padding: Padding | undefined,
): ReadonlyMap<number, string | undefined> {
  const rows: number[] = []
  const tokens: string[] = []
  for (const [row, cell] of cells.entries()) {
    if (cell === null || !opens(states[row] ?? PLAINTEXT)) continue
    rows.push(row)
    tokens.push(cell)
  }
  const texts = padding ? unpaddedTexts(keyring, tokens, padding) : keyring.decryptMany(tokens)
  return new Map(rows.map((row, i) => [row, texts[i]]))
}

function unpaddedTexts(
  keyring: Keyring,
  tokens: readonly string[],
  padding: Padding,
): readonly (string | undefined)[] {
  return keyring.decryptManyToBytes(tokens).map((padded) => {
    const bytes = padded && padding.unpad(padded)
    return bytes && isUtf8(bytes) ? bytes.toString("utf8") : undefined
  })
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function textOf(keyring: Keyring, token: string, padding: Padding | undefined): string {
  return padding ? utf8.decode(bytesOf(keyring, token, padding)) : keyring.decryptText(token)
}

function bytesOf(keyring: Keyring, token: string, padding: Padding | undefined): Uint8Array {
  const plaintext = keyring.decrypt(token)
  return padding?.unpad(plaintext) ?? plaintext
}

/** A token from before the column was padded has its padding from its rotation on. */
function padRotated(rotated: Rotated, keyring: Keyring, padding: Padding | undefined): Rotated {
  if (!padding || rotated?.token === undefined) return rotated
  const plaintext = keyring.decrypt(rotated.token)
  if (!padding.pads(plaintext)) return rotated
  const timestamp = keyring.extractTimestamp(rotated.token)
  return { ...rotated, token: keyring.encryptAtTime(padding.pad(plaintext), timestamp) }
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

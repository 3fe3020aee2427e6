import { canonicalPlaintext } from "../../binding/columns/cell-codec"
import type { Padding } from "../../column/padding"
import { type Batch, type Cell, cellAfter, type NewCells } from "../../dialect/batch"
import { EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import { BlindIndex, type IndexMember } from "../../search/blind-index"
import type { BulkIndex } from "../bulk-index"
import type { BulkColumn } from "../bulk-target"
import { beginsAsToken, type IndexState, LEGACY, PLAINTEXT } from "../cell-state"
import type { ColumnDecisions } from "./cells"

/** In place of a companion cell for a value that its index refuses, as a normalizer may. */
export const UNINDEXABLE: unique symbol = Symbol("unindexable")

/** What a companion cell should hold; `undefined` where that cannot be known. */
export type ExpectedCell = Cell | typeof UNINDEXABLE | undefined

/**
 * What becomes of companion cells: `written`, made to hold what they should; `cleared`, made NULL as
 * their row is decrypted; `kept`, left alone; `proven`, left alone, and reported if they are wrong.
 */
export type CompanionDemand = "cleared" | "kept" | "proven" | "written"

/** What the companion cells of one blind index should hold in a batch, and what becomes of them. */
export interface CompanionDecisions {
  readonly expected: readonly ExpectedCell[]
  readonly newCells: NewCells
}

/** A blind index, and where the columns it covers stand among those of the table. */
interface CoveringIndex {
  readonly index: BlindIndex
  readonly sources: readonly number[]
  /** How the plaintexts of each are padded, if they are. */
  readonly paddings: readonly (Padding | undefined)[]
}

/** The companion columns of a table, computed from the cells of its encrypted columns. */
export class Companions {
  readonly #columns: number
  readonly #indexes: readonly CoveringIndex[]

  /** @param indexRing - makes the index values */
  constructor(indexes: readonly BulkIndex[], columns: readonly BulkColumn[], indexRing: Keyring) {
    this.#columns = columns.length
    this.#indexes = indexes.map(({ definition, sources }) => {
      const covered = sources.flatMap((name) => columns.filter((column) => column.name === name))
      const members = covered.map(memberOf) as [IndexMember, ...IndexMember[]]
      return {
        index: new BlindIndex({ ...definition, members }, () => indexRing),
        sources: covered.map((column) => columns.indexOf(column)),
        paddings: covered.map(({ padding }) => padding),
      }
    })
  }

  /** Decides about the companion cells of a batch, given what is to become of the columns' cells. */
  decide(
    demand: CompanionDemand,
    batch: Batch,
    columns: readonly ColumnDecisions[],
  ): readonly CompanionDecisions[] {
    return this.#indexes.map((covering, i) => {
      const cells = batch.cells[this.#columns + i] ?? []
      const expected = cells.map((_, row) => expectedCell(covering, batch, columns, row))
      if (demand === "written") {
        return { expected, newCells: cells.map((cell, row) => filledCell(cell, expected[row])) }
      }
      const newCells = demand === "cleared" ? clearedCells(covering, cells, batch, columns) : []
      return { expected, newCells }
    })
  }

  /**
   * Says by index of each companion cell of a batch whether one of the index keys made it, but for those
   * where that cannot be known.
   */
  recognized(batch: Batch, columns: readonly ColumnDecisions[]): readonly (readonly boolean[])[] {
    return this.#indexes.map((covering, i) =>
      (batch.cells[this.#columns + i] ?? []).flatMap((cell, row) => {
        const values = cell === null ? undefined : openSources(covering, batch, columns, row)
        try {
          return values && cell !== null ? [covering.index.searched(values).includes(cell)] : []
        } catch {
          return []
        }
      }),
    )
  }
}

/** Compares a companion cell with what it should hold. */
export function indexState(cell: Cell, expected: ExpectedCell): IndexState | undefined {
  if (expected === undefined || (cell === null && expected === null)) return undefined
  if (cell === expected) return "current"
  return cell === null ? "missing" : "stale"
}

function filledCell(cell: Cell, expected: ExpectedCell): Cell | undefined {
  return expected === UNINDEXABLE || expected === cell ? undefined : expected
}

/** What stays encrypted stays searchable. */
function clearedCells(
  { sources }: CoveringIndex,
  cells: readonly Cell[],
  batch: Batch,
  columns: readonly ColumnDecisions[],
): NewCells {
  const changes = { batch, newCells: columns.map(({ newCells }) => newCells) }
  return cells.map((cell, row) => {
    const isEncrypted = sources.some((at) => beginsAsToken(cellAfter(changes, at, row) ?? ""))
    return cell === null || isEncrypted ? undefined : null
  })
}

/** `undefined` if a cell it is made of cannot be read. */
function expectedCell(
  covering: CoveringIndex,
  batch: Batch,
  columns: readonly ColumnDecisions[],
  row: number,
): ExpectedCell {
  if (covering.sources.some((at) => (batch.cells[at]?.[row] ?? null) === null)) return null
  try {
    const values = openSources(covering, batch, columns, row)
    return values && covering.index.stored(values)
  } catch (error) {
    const isRefused = error instanceof EncryptionError && error.code === "ERR_INVALID_VALUE"
    return isRefused ? UNINDEXABLE : undefined
  }
}

/** `undefined` if a cell is NULL or cannot be read. */
function openSources(
  { sources, paddings }: CoveringIndex,
  { cells }: Batch,
  columns: readonly ColumnDecisions[],
  row: number,
): readonly (string | Uint8Array)[] | undefined {
  const values: (string | Uint8Array)[] = []
  for (const [i, at] of sources.entries()) {
    const cell = cells[at]?.[row] ?? null
    const decided = columns[at]
    const opened = cell === null || !decided ? undefined : openCell(cell, decided, row, paddings[i])
    if (opened === undefined) return undefined
    values.push(opened)
  }
  return values
}

function openCell(
  cell: string,
  { states, legacy, keyring }: ColumnDecisions,
  row: number,
  padding: Padding | undefined,
): string | Uint8Array | undefined {
  if (states[row] === PLAINTEXT) return cell
  if (states[row] === LEGACY) return legacy.get(row)
  try {
    const plaintext = keyring.decrypt(cell)
    return padding?.unpad(plaintext) ?? plaintext
  } catch {
    return undefined
  }
}

function memberOf({ name, label, codec }: BulkColumn): IndexMember {
  return {
    property: label,
    path: name,
    plaintextAllowed: false,
    plaintextOf: (plaintext) => canonicalPlaintext(codec, plaintext as string | Uint8Array),
  }
}

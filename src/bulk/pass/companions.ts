import { canonicalPlaintext } from "../../binding/columns/cell-codec"
import type { Padding } from "../../column/padding"
import { type Batch, type Cell, cellAfter, type NewCells } from "../../dialect/batch"
import { EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
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
      const expected = expectedCells(covering, batch, columns)
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
    return this.#indexes.map((covering, i) => {
      const opened = openSources(covering, batch, columns)
      return (batch.cells[this.#columns + i] ?? []).flatMap((cell, row) => {
        const values = opened[row]
        try {
          return values && cell !== null ? [covering.index.searched(values).includes(cell)] : []
        } catch {
          return []
        }
      })
    })
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

/** Of each row, `undefined` if a cell it is made of cannot be read. */
function expectedCells(
  covering: CoveringIndex,
  batch: Batch,
  columns: readonly ColumnDecisions[],
): readonly ExpectedCell[] {
  const opened = openSources(covering, batch, columns)
  const isNull = (row: number): boolean =>
    covering.sources.some((at) => (batch.cells[at]?.[row] ?? null) === null)
  const digests = covering.index.storedMany(opened.filter((values) => values !== undefined))
  let next = 0
  return opened.map((values, row) => {
    if (isNull(row)) return null
    return values && (digests[next++] ?? digestAlone(covering, values))
  })
}

/** For what is not made together with others, most of all for what the index refuses. */
function digestAlone({ index }: CoveringIndex, values: Plaintexts): ExpectedCell {
  try {
    return index.stored(values)
  } catch (error) {
    const isRefused = error instanceof EncryptionError && error.code === "ERR_INVALID_VALUE"
    return isRefused ? UNINDEXABLE : undefined
  }
}

/** The plaintexts of an index's sources in one row. */
type Plaintexts = readonly Plaintext[]

/** Of each row, `undefined` if a cell is NULL or cannot be read. */
function openSources(
  { sources, paddings }: CoveringIndex,
  { cells, size }: Batch,
  columns: readonly ColumnDecisions[],
): readonly (Plaintexts | undefined)[] {
  const opened = sources.map((at, i) => openCells(cells[at] ?? [], columns[at], paddings[i]))
  return Array.from({ length: size }, (_, row) => {
    const values = opened.flatMap((column) => column[row] ?? [])
    return values.length === sources.length ? values : undefined
  })
}

function openCells(
  cells: readonly Cell[],
  decided: ColumnDecisions | undefined,
  padding: Padding | undefined,
): readonly (Plaintext | undefined)[] {
  if (!decided) return []
  const { states, legacy, keyring } = decided
  const isSealed = (cell: Cell, row: number): cell is string =>
    cell !== null && states[row] !== PLAINTEXT && states[row] !== LEGACY
  const plaintexts = keyring.decryptManyToBytes(cells.filter(isSealed))
  let next = 0
  return cells.map((cell, row) => {
    if (cell === null) return undefined
    if (states[row] === PLAINTEXT) return cell
    if (states[row] === LEGACY) return legacy.get(row)
    const plaintext = plaintexts[next++]
    return plaintext && (padding?.unpad(plaintext) ?? plaintext)
  })
}

function memberOf({ name, label, codec }: BulkColumn): IndexMember {
  return {
    property: label,
    path: name,
    plaintextAllowed: false,
    plaintextOf: (plaintext) => canonicalPlaintext(codec, plaintext as string | Uint8Array),
  }
}

import type { Cell, TableRow } from "../dialect/dialect"
import type { Keyring } from "../fernet/keyring"
import type { BulkIndex } from "./bulk-index"
import type { BulkColumn } from "./bulk-target"
import { beginsAsToken, classifyCell, type ClassifiedCell } from "./cell-state"
import type { CellWork } from "./cell-work"
import { type CompanionDemand, type IndexWork, UNINDEXABLE, type WantedCell } from "./index-work"

/** What was decided about one row. */
export interface Decision {
  readonly row: TableRow
  readonly newCells: readonly Cell[]
  readonly found: readonly ClassifiedCell[]
  readonly problems: readonly (string | undefined)[]
  /** What the companion cells should hold; `undefined` for those nothing can be said about. */
  readonly wanted: readonly WantedCell[]
}

/** What decisions about rows are made by. */
export interface RowWork {
  readonly columns: readonly BulkColumn[]
  /** The blind indexes whose companion cells follow those of the columns in a row. */
  readonly indexes: readonly BulkIndex[]
  readonly indexWork: IndexWork | undefined
  readonly companions: CompanionDemand
  readonly keyring: Keyring
  readonly work: CellWork
}

/** Decides about all cells of a row. */
export function decide(plan: RowWork, row: TableRow): Decision {
  const { columns, keyring, work } = plan
  const cells = row.cells.slice(0, columns.length)
  const found = cells.map((cell) => classifyCell(cell, keyring))
  const problems: (string | undefined)[] = []
  const newCells = cells.map((cell, i) => {
    const column = columns[i]
    const state = found[i]
    if (cell === null || column === undefined || state === undefined) return cell
    const verdict = work(cell, state, column)
    if (verdict === undefined) return cell
    if ("cell" in verdict) return verdict.cell
    problems[i] = verdict.problem
    return cell
  })
  const wanted = plan.indexWork?.wanted({ cells, found }) ?? []
  const companions = row.cells.slice(columns.length)
  newCells.push(...companionCells(plan, companions, wanted, newCells))
  return { row, newCells, found, problems, wanted }
}

function companionCells(
  { companions, columns, indexes }: RowWork,
  cells: readonly Cell[],
  wanted: readonly WantedCell[],
  newCells: readonly Cell[],
): readonly Cell[] {
  if (companions === "kept" || companions === "proven") return cells
  if (companions === "written") {
    return cells.map((cell, i) => {
      const known = wanted[i]
      return known === undefined || known === UNINDEXABLE ? cell : known
    })
  }
  // What stays encrypted stays searchable
  return cells.map((cell, i) => {
    const isEncrypted = indexes[i]?.sources.some((source) =>
      beginsAsToken(newCells[columns.findIndex(({ name }) => name === source)] ?? ""),
    )
    return isEncrypted ? cell : null
  })
}

/** Whether a decision changes any cell of its row. */
export function isChange({ row, newCells }: Decision): boolean {
  return newCells.some((cell, i) => cell !== row.cells[i])
}

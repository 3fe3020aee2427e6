import {
  type Batch,
  type Cell,
  type Changes,
  changedRows,
  type PrimaryKey,
} from "../../dialect/batch"
import type { BulkIndex } from "../bulk-index"
import type { BulkColumn } from "../bulk-target"
import type { RunKeys } from "../keys"
import type { CellDecisions, CellJob, ColumnDecisions } from "./cells"
import type { CompanionDecisions, CompanionDemand, Companions } from "./companions"
import { decideDocuments } from "./documents"

/** What cells of a column may be. */
export interface CellLimits {
  /** The characters that one may have; `undefined` for no limit that matters. */
  readonly limit: number | undefined
  /** Whether one may have a NUL character. */
  readonly holdsNul: boolean
}

const UNLIMITED: CellLimits = { limit: undefined, holdsNul: true }

/** What decisions about batches are made by. */
export interface Decider {
  readonly columns: readonly BulkColumn[]
  /** The blind indexes whose companion cells follow those of the columns in a row. */
  readonly indexes: readonly BulkIndex[]
  readonly keys: RunKeys
  /** What cells of each column may be. */
  readonly limits: readonly CellLimits[]
  readonly job: CellJob
  readonly companions: Companions
  readonly demand: CompanionDemand
}

/** What was decided about a batch: the changes to make, and how they came about. */
export interface Decision extends Changes {
  /** About the cells of each encrypted column. */
  readonly columns: readonly ColumnDecisions[]
  /** About the cells of each companion column. */
  readonly companions: readonly CompanionDecisions[]
}

/** Decides about all cells of a batch. */
export function decide(decider: Decider, batch: Batch): Decision {
  const primaryKeyAt = (row: number): PrimaryKey => batch.primaryKeyAt(row)
  const columns = decider.columns.map((column, i) => {
    const keyring = decider.keys.ringFor(column)
    const cells = batch.cells[i] ?? []
    const decided = column.paths
      ? decideDocuments(decider.job, cells, column, keyring, primaryKeyAt)
      : decider.job.decide(cells, column, keyring, primaryKeyAt)
    return { ...fitting(decided, column, decider.limits[i] ?? UNLIMITED), keyring }
  })
  const companions = decider.companions.decide(decider.demand, batch, columns)
  const newCells = [...columns, ...companions].map((decided) => decided.newCells)
  return { batch, columns, companions, newCells, rows: changedRows(batch.size, newCells) }
}

/** Cells that would not fit are left as they are: a database may cut them, or refuse the whole batch. */
function fitting(
  decided: CellDecisions,
  { label }: BulkColumn,
  { limit, holdsNul }: CellLimits,
): CellDecisions {
  const whyUnfit = (cell: Cell | undefined): string | undefined => {
    if (!cell) return undefined
    if (limit !== undefined && isLonger(cell, limit)) return `is longer than ${limit}`
    return holdsNul || !cell.includes("\0")
      ? undefined
      : "holds a NUL character, which this database has no room for"
  }
  const problems = new Map(decided.problems)
  const newCells = decided.newCells.map((cell, row) => {
    const why = whyUnfit(cell)
    if (why === undefined) return cell
    problems.set(row, `${label} is left as it was: what it would become ${why}.`)
    return undefined
  })
  return { ...decided, newCells, problems }
}

/** Databases count characters, not units of UTF-16. */
function isLonger(cell: string, limit: number): boolean {
  return cell.length > limit && Array.from(cell).length > limit
}

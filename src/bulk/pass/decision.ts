import { type Batch, type Changes, changedRows, type Key } from "../../dialect/batch"
import type { BulkIndex } from "../bulk-index"
import type { BulkColumn } from "../bulk-target"
import type { RunKeys } from "../keys"
import type { CellJob, ColumnDecisions } from "./cells"
import type { CompanionDecisions, CompanionDemand, Companions } from "./companions"

/** What decisions about batches are made by. */
export interface Decider {
  readonly columns: readonly BulkColumn[]
  /** The blind indexes whose companion cells follow those of the columns in a row. */
  readonly indexes: readonly BulkIndex[]
  readonly keys: RunKeys
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
  const keyAt = (row: number): Key => batch.keyAt(row)
  const columns = decider.columns.map((column, i) => {
    const keyring = decider.keys.ringFor(column)
    return { ...decider.job.decide(batch.cells[i] ?? [], column, keyring, keyAt), keyring }
  })
  const companions = decider.companions.decide(decider.demand, batch, columns)
  const newCells = [...columns, ...companions].map((decided) => decided.newCells)
  return { batch, columns, companions, newCells, rows: changedRows(batch.size, newCells) }
}

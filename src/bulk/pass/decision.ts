import { type Batch, type Changes, changedRows } from "../../dialect/batch"
import type { BulkIndex } from "../bulk-index"
import type { BulkColumn } from "../bulk-target"
import type { RunKeys } from "../keys"
import type { CellDecisions, CellJob } from "./cells"
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
  readonly columns: readonly CellDecisions[]
  /** About the cells of each companion column. */
  readonly companions: readonly CompanionDecisions[]
}

/** Decides about all cells of a batch. */
export function decide(decider: Decider, batch: Batch): Decision {
  const columns = decider.columns.map((column, i) =>
    decider.job.decide(batch.cells[i] ?? [], column, decider.keys.ringFor(column)),
  )
  const companions = decider.companions.decide(decider.demand, batch, columns)
  const newCells = [...columns, ...companions].map((decided) => decided.newCells)
  return { batch, columns, companions, newCells, rows: changedRows(batch.size, newCells) }
}

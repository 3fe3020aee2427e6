import type { Batch, Changes } from "../../dialect/batch"
import { cellAfter } from "../../dialect/batch"
import { documentColumns, isSameCell } from "../../dialect/same-cell"
import { primaryKeyText } from "../report"
import type { Decision } from "./decision"
import { noteMade } from "./outcome"
import type { Pass } from "./pass"

/**
 * What became of rows of which not all were changed: a row that lost a race against another's write
 * keeps that write, is read again, and decided about anew.
 */
interface RacedRows {
  /** Rows that hold what the run wrote. */
  readonly ours: readonly number[]
  /** Rows that were not read again: changed so that they no longer pass the filter, or deleted. */
  readonly gone: readonly number[]
  /** Rows that are as they were read: locked, or kept so by the database. */
  readonly unchanged: readonly number[]
}

/**
 * Counts what a write did of which others, or the database, kept a part from being done. Returns how
 * many rows nobody changed.
 *
 * @param changed - how many rows the database said it had changed
 * @param again - the same rows, read after the write
 */
export function noteRacedRows(
  pass: Pass,
  decision: Decision,
  changed: number,
  again: Batch,
): number {
  const documents = documentColumns(pass.table.columns, pass.table.documents)
  const { ours, gone, unchanged } = compareRows(decision, again, documents)
  const refused = unchanged.length
  pass.tally.changed += Math.min(changed, decision.rows.length - refused)
  pass.tally.raced += Math.max(0, decision.rows.length - changed - refused)
  // Of those that are gone, as many are credited to the run as it changed
  noteMade(pass, decision, [...ours, ...gone].slice(0, changed))
  return refused
}

function compareRows(changes: Changes, again: Batch, documents: readonly boolean[]): RacedRows {
  const rowsAgain = new Map<string, number>()
  for (let row = 0; row < again.size; row++)
    rowsAgain.set(primaryKeyText(again.primaryKeyAt(row)), row)
  const raced = { ours: [] as number[], gone: [] as number[], unchanged: [] as number[] }
  for (const row of changes.rows) {
    const now = rowsAgain.get(primaryKeyText(changes.batch.primaryKeyAt(row)))
    if (now === undefined) raced.gone.push(row)
    else if (again.cells.every((cells, i) => cells[now] === changes.batch.cells[i]?.[row])) {
      raced.unchanged.push(row)
    } else if (
      again.cells.every((cells, i) =>
        isSameCell(cells[now], cellAfter(changes, i, row), documents[i] === true),
      )
    ) {
      raced.ours.push(row)
    }
  }
  return raced
}

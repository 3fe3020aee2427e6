import type { BulkTable, KeyRange, RowFilter, TableRow } from "../dialect/dialect"
import { BatchReader } from "./batch-reader"
import { writeChanges, type Written } from "./batch-writer"
import { sweepColumns } from "./column-sweep"
import type { ColumnWork } from "./column-work"
import { decide, type Decision, isChange, type RowWork } from "./decision"
import { keyText, type Tally } from "./report"
import { noteSettled, noteTurns } from "./settle-notes"
import type { SharedRange, TakenBatch } from "./shared-range"
import type { Worker } from "./worker"

/** How often the rows of a batch that others wrote meanwhile are read again. */
const MAX_REREADS = 20

/** How often rows are written again that nobody changed, and the database did not change either. */
const MAX_REFUSALS = 2

/** A pass over a table. */
export interface Sweep extends RowWork {
  readonly table: BulkTable
  /** The same for whole columns, which is how it goes unless something is wrong with a cell. */
  readonly columnWork: ColumnWork
  readonly filter: RowFilter
  readonly batchSize: number
  /** Bytes in the encrypted columns of the largest row. */
  readonly longest: number
  /** Whether to write. */
  readonly dryRun: boolean
  /** Whether to count the state of every cell that is seen. */
  readonly audit: boolean
  /** Whether this is the last pass, which notes what could not be dealt with. */
  readonly last: boolean
  readonly tally: Tally
  /** Called after every batch with the rows in it; resolves to `false` to stop. */
  readonly onBatch: (rows: number, worker: Worker) => Promise<boolean>
}

/**
 * Passes over a table in batches, of which other workers take their share. Returns whether it came to
 * the end.
 */
export async function sweep(plan: Sweep, worker: Worker, shared: SharedRange): Promise<boolean> {
  const reader = new BatchReader(worker, plan)
  for (;;) {
    const taken = await shared.take(reader)
    if (!taken) return true
    await sweepBatch(plan, worker, reader, taken)
    if (!(await plan.onBatch(taken.size, worker))) return false
  }
}

async function sweepBatch(
  plan: Sweep,
  worker: Worker,
  reader: BatchReader,
  { columns, rows, range }: TakenBatch,
): Promise<void> {
  const quick = columns && (await sweepColumns(plan, worker, columns))
  if (quick === "settled") return
  let { after } = range
  const read = async (): Promise<readonly Decision[]> =>
    (await reader.read({ ...range, after })).map((row) => decide(plan, row))
  let decisions = quick?.decisions ?? rows?.map((row) => decide(plan, row)) ?? (await read())
  let done = quick?.written
  while (decisions.length > 0) {
    after = await settle(plan, worker, reader, decisions, after, done)
    if (keyText(after ?? []) === keyText(range.upTo)) return
    done = undefined
    decisions = await read()
  }
}

/**
 * Deals with a batch, reading it again as long as others write into it: their writes win. Returns
 * the key up to which rows were dealt with.
 *
 * @param done - what became of it, if it was written once already
 */
async function settle(
  plan: Sweep,
  worker: Worker,
  reader: BatchReader,
  batch: readonly Decision[],
  after: KeyRange["after"],
  done?: Written,
): Promise<KeyRange["after"]> {
  let decisions = batch
  let upTo = decisions.at(-1)?.row.key
  let refusals = 0
  for (let reread = 0; ; reread++) {
    const changes = decisions.filter(isChange)
    const { changed, locked } = reread === 0 && done ? done : await write(plan, worker, changes)
    // What the audit wrote it looks at once more: a trigger may have had its way
    const isSure = !plan.audit || plan.dryRun || changes.length === 0
    if (changed === changes.length && isSure) {
      plan.tally.changed += changed
      for (const decision of decisions) noteSettled(plan, decision, !plan.dryRun)
      return upTo
    }
    const rows = await reader.read({ after, upTo }, worker.inTransaction)
    noteWritten(plan, changes, changed, rows)
    decisions = rows.map((row) => decide(plan, row))
    // Others may have added rows: what did not fit is the next batch's
    if (rows.length > 0 && reader.isCut(rows)) upTo = rows.at(-1)?.key
    const refused = countUnchanged(changes, decisions)
    plan.tally.changed += Math.min(changed, changes.length - refused)
    plan.tally.raced += Math.max(0, changes.length - changed - refused)
    if (refused > 0 && ++refusals > MAX_REFUSALS) break
    if (locked || reread === MAX_REREADS) break
  }
  for (const decision of decisions) noteSettled(plan, decision, false)
  return upTo
}

function write(
  { table, dryRun }: Sweep,
  worker: Worker,
  decisions: readonly Decision[],
): Promise<Written> {
  if (dryRun) return Promise.resolve({ changed: decisions.length, locked: false })
  return writeChanges(
    table,
    worker,
    decisions.map(({ row, newCells }) => ({ ...row, newCells })),
  )
}

/** How many rows that were to be changed are, cell by cell, what they were before. */
function countUnchanged(before: readonly Decision[], now: readonly Decision[]): number {
  const cellsOf = new Map(now.map(({ row }) => [keyText(row.key), row.cells]))
  return before.filter(({ row }) => {
    const cells = cellsOf.get(keyText(row.key))
    return cells?.every((cell, i) => cell === row.cells[i])
  }).length
}

/**
 * Credits a run with what it wrote in a batch that others wrote into as well: the rows that now hold
 * its cells, and of those that no longer pass the filter as many as were changed.
 */
function noteWritten(
  plan: Sweep,
  decisions: readonly Decision[],
  changed: number,
  rows: readonly TableRow[],
): void {
  const byKey = new Map(rows.map((row) => [keyText(row.key), row]))
  const isOurs = ({ row, newCells }: Decision): boolean | undefined =>
    byKey.get(keyText(row.key))?.cells.every((cell, i) => cell === newCells[i])
  const stillThere = decisions.filter((decision) => isOurs(decision) === true)
  const gone = decisions.filter((decision) => isOurs(decision) === undefined)
  for (const decision of [...stillThere, ...gone].slice(0, changed)) noteTurns(plan, decision)
}

import type { PrimaryKey } from "../../dialect/batch"
import { ColumnMisuseError } from "../../errors"
import { pauseAfter, type Worker } from "../connection/worker"
import { primaryKeyParts, type Tally } from "../report"
import { traced } from "./batch-trace"
import { decide, type Decider, type Decision } from "./decision"
import { KEPT, type LeftReason, LOCKED, RACED, RefusedRows } from "./left-rows"
import { noteOutcome } from "./outcome"
import { noteRacedRows } from "./raced-rows"
import { BatchReader, type ReadBatch, type ReaderOptions, type SharedRange } from "./reader"
import { writeChanges, type Written } from "./writer"

/** How often the rows of a batch that others wrote meanwhile are read again. */
const MAX_REREADS = 20

/** How often rows are written again that nobody changed, and the database did not change either. */
const MAX_KEPT = 2

/** How often rows are written again that others have locked, in the last pass; and before it. */
const MAX_LOCKED_AT_LAST = 8
const MAX_LOCKED = 1

/** A pass over a table. */
export interface Pass extends Decider, ReaderOptions {
  /** Whether to find out only what would be written. */
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
export async function passOver(pass: Pass, worker: Worker, shared: SharedRange): Promise<boolean> {
  const reader = new BatchReader(worker, pass)
  for (;;) {
    const taken = await shared.take(reader)
    if (!taken) return true
    const { columns, dryRun } = pass
    const trace = { columns: columns.map(({ label }) => label), rows: taken.batch.size, dryRun }
    await traced(trace, () => changeRange(pass, worker, reader, taken))
    if (!(await pass.onBatch(taken.batch.size, worker))) return false
  }
}

/** Changes the rows of a batch, and what others add between them. */
async function changeRange(
  pass: Pass,
  worker: Worker,
  reader: BatchReader,
  { batch, range }: ReadBatch,
): Promise<void> {
  const { upTo } = range
  // What lies behind it is for the next to take
  let next: ReadBatch | undefined = { batch, range, rest: undefined }
  while (next) {
    const reached: PrimaryKey | undefined = await changeBatch(pass, worker, reader, next)
    const isDone: boolean = reached === next.range.upTo && next.rest === undefined
    next = isDone ? undefined : await reader.read({ after: reached, upTo })
  }
}

/**
 * Changes the rows of a batch, reading them again as long as others write into them: their writes
 * win. Returns the key up to which rows were dealt with, which is not the last if more were there
 * when they were read again than fit.
 */
async function changeBatch(
  pass: Pass,
  worker: Worker,
  reader: BatchReader,
  { batch, range: { after, upTo: end } }: ReadBatch,
): Promise<PrimaryKey | undefined> {
  const refused = new RefusedRows()
  let decision = decide(pass, batch)
  let upTo = end
  let kept = 0
  let locked = 0
  for (let rereads = 0; ; rereads++) {
    const work = refused.without(decision)
    if (locked > 0) await pauseAfter(locked - 1)
    const written = await write(pass, worker, work, locked > 0)
    if (written.altered) throw alteredRow(pass, written.altered)
    refused.note(work, written.refused)
    if (isDone(pass, work, written)) {
      pass.tally.changed += written.changed
      noteOutcome(pass, decision, (row) => refused.reasonOf(decision, row))
      break
    }
    const again = await reader.read({ after, upTo }, worker.inTransaction)
    const unchanged = noteRacedRows(pass, work, written.changed, again.batch)
    if (written.gaveUp) locked = Infinity
    else if (written.skipped) locked++
    else if (unchanged > written.refused.size) kept++
    if (again.rest) upTo = again.rest.after
    decision = decide(pass, again.batch)
    const reason = whyLeft(pass, { rereads, kept, locked })
    if (reason !== undefined) {
      noteOutcome(pass, decision, (row) => refused.reasonOf(decision, row) ?? reason)
      break
    }
  }
  return upTo
}

/** How often a batch was written again, and what for. */
interface Tries {
  readonly rereads: number
  readonly kept: number
  readonly locked: number
}

/** Says why the rows of a batch that are not written yet are left; `undefined` if they are not. */
function whyLeft({ last }: Pass, { rereads, kept, locked }: Tries): LeftReason | undefined {
  if (kept > MAX_KEPT) return KEPT
  if (locked > (last ? MAX_LOCKED_AT_LAST : MAX_LOCKED)) return LOCKED
  return rereads >= MAX_REREADS ? RACED : undefined
}

/** What the audit wrote it looks at once more: a trigger may have had its way. */
function isDone(
  { audit, dryRun }: Pass,
  { rows }: Decision,
  { changed, refused }: Written,
): boolean {
  if (changed + refused.size < rows.length) return false
  return !audit || dryRun || changed === 0
}

/** What else alters cells, a lenient mode of the session, is set aside where there is one. */
function alteredRow({ columns }: Pass, key: PrimaryKey): ColumnMisuseError {
  const labels = columns.map(({ label }) => label).join(" or ")
  return new ColumnMisuseError([
    `A trigger changes what is written to ${labels}, as in row ${primaryKeyParts(key).join(", ")}, which ` +
      "was left as it was with all of its batch. Remove the trigger first.",
  ])
}

/** @param skipLocked - whether to leave out at once what others have locked */
function write(
  pass: Pass,
  worker: Worker,
  decision: Decision,
  skipLocked: boolean,
): Promise<Written> {
  if (!pass.dryRun) return writeChanges(worker, pass.table, decision, skipLocked)
  const { length } = decision.rows
  return Promise.resolve({ changed: length, skipped: false, gaveUp: false, refused: new Map() })
}

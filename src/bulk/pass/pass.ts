import type { PrimaryKey } from "../../dialect/batch"
import { ColumnMisuseError } from "../../errors"
import type { Worker } from "../connection/worker"
import { primaryKeyParts, type Tally } from "../report"
import { decide, type Decider, type Decision } from "./decision"
import { noteOutcome } from "./outcome"
import { noteRacedRows } from "./raced-rows"
import { BatchReader, type ReadBatch, type ReaderOptions, type SharedRange } from "./reader"
import { writeChanges, type Written } from "./writer"

/** How often the rows of a batch that others wrote meanwhile are read again. */
const MAX_REREADS = 20

/** How often rows are written again that nobody changed, and the database did not change either. */
const MAX_REFUSALS = 2

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
    await changeRange(pass, worker, reader, taken)
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
  let decision = decide(pass, batch)
  let upTo = end
  let refusals = 0
  for (let rereads = 0; ; rereads++) {
    const { changed, locked, altered } = await write(pass, worker, decision)
    if (altered) throw alteredRow(pass, altered)
    if (isDone(pass, decision, changed)) {
      pass.tally.changed += changed
      noteOutcome(pass, decision, !pass.dryRun)
      break
    }
    const again = await reader.read({ after, upTo }, worker.inTransaction)
    if (noteRacedRows(pass, decision, changed, again.batch) > 0) refusals++
    if (again.rest) upTo = again.rest.after
    decision = decide(pass, again.batch)
    if (locked || refusals > MAX_REFUSALS || rereads === MAX_REREADS) {
      noteOutcome(pass, decision, false)
      break
    }
  }
  return upTo
}

/** What the audit wrote it looks at once more: a trigger may have had its way. */
function isDone({ audit, dryRun }: Pass, { rows }: Decision, changed: number): boolean {
  return rows.length === 0 || (changed === rows.length && (!audit || dryRun))
}

/** What else alters cells, a lenient mode of the session, is set aside where there is one. */
function alteredRow({ columns }: Pass, key: PrimaryKey): ColumnMisuseError {
  const labels = columns.map(({ label }) => label).join(" or ")
  return new ColumnMisuseError([
    `A trigger changes what is written to ${labels}, as in row ${primaryKeyParts(key).join(", ")}, which ` +
      "was left as it was with all of its batch. Remove the trigger first.",
  ])
}

function write(pass: Pass, worker: Worker, decision: Decision): Promise<Written> {
  if (pass.dryRun) return Promise.resolve({ changed: decision.rows.length, locked: false })
  return writeChanges(worker, pass.table, decision)
}

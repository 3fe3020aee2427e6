import type { BulkTable, RowChange } from "../dialect/dialect"
import { rowsThatFit } from "../dialect/statement-parts"
import { isDuplicate } from "../dialect/statement-error"
import type { Worker } from "./worker"

/** Statements that find their rows locked for long before the rest of a batch is left for later. */
const MAX_LOCKED = 3

/** After so many attempts that lost against locks, statements get smaller. */
const ATTEMPTS_AT_FULL_SIZE = 2

/** What became of changes that were to be written. */
export interface Written {
  /** Rows that were changed. */
  readonly changed: number
  /** Whether rows were left out because others held locks on them for too long. */
  readonly locked: boolean
}

/**
 * Writes changes in statements bounded by rows and by bytes; after one lost against locks several
 * times, or met a unique index, in ever smaller ones. Rows that stay locked, or whose value is there
 * already, are left out.
 */
export async function writeChanges(
  table: BulkTable,
  worker: Worker,
  changes: readonly RowChange[],
): Promise<Written> {
  let next = 0
  let changed = 0
  let locked = 0
  let size = Infinity
  while (next < changes.length && locked < MAX_LOCKED) {
    let part: readonly RowChange[] = []
    try {
      changed += await worker.run(({ connection, dialect }, attempt) => {
        if (attempt > ATTEMPTS_AT_FULL_SIZE) size = Math.max(1, Math.ceil(part.length / 2))
        const end = Math.min(changes.length, next + size)
        const count = rowsThatFit((row) => lengthOf(changes[row]), next, end)
        part = changes.slice(next, next + count)
        return dialect.write(connection, table, part)
      })
      size *= 2
    } catch (error) {
      if (worker.inTransaction) throw error
      if (isDuplicate(error)) {
        size = Math.ceil(part.length / 2)
        if (part.length > 1) continue
      } else if (worker.isLock(error)) locked++
      else throw error
    }
    next += part.length
  }
  return { changed, locked: locked > 0 }
}

function lengthOf(change: RowChange | undefined): number {
  const cells = change ? [...change.cells, ...change.newCells] : []
  return cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0)
}

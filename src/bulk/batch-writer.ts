import type { BulkTable, RowChange } from "../dialect/dialect"
import type { Worker } from "./worker"

/** Characters of cells in one statement; a single row may have more. Servers bound packets. */
const MAX_STATEMENT_LENGTH = 4 * 2 ** 20

/**
 * Rows with more characters than this, which is less than 64 KiB in any encoding, are written by
 * themselves: a list of values may have a type that cuts them off.
 */
const LONGEST_IN_COMPANY = 16_000

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
 * times, in ever smaller ones. Rows that stay locked are left out.
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
        const limit = Math.min(size, dialect.rowsPerStatement(table))
        part = changes.slice(next, next + countWithin(changes, next, limit))
        return dialect.write(connection, table, part)
      })
    } catch (error) {
      if (worker.inTransaction || !worker.isLock(error)) throw error
      locked++
    }
    next += part.length
  }
  return { changed, locked: locked > 0 }
}

/** How many changes from one on fit into a statement: at least one. */
function countWithin(changes: readonly RowChange[], from: number, limit: number): number {
  let length = 0
  let count = 0
  for (let i = from; i < changes.length && count < limit; i++) {
    const own = lengthOf(changes[i])
    length += own
    const isTooMuch = length > MAX_STATEMENT_LENGTH || own > LONGEST_IN_COMPANY
    if (count > 0 && isTooMuch) break
    count++
    if (own > LONGEST_IN_COMPANY) break
  }
  return count
}

function lengthOf(change: RowChange | undefined): number {
  const cells = change ? [...change.cells, ...change.newCells] : []
  return cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0)
}

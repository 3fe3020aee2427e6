import type { Changes, PrimaryKey } from "../../dialect/batch"
import type { BulkTable } from "../../dialect/dialect"
import { isRefusal, type StatementError } from "../../dialect/statement-error"
import type { Worker } from "../connection/worker"

/** Characters of cells in one statement; a single row may have more. Servers bound packets. */
const MAX_STATEMENT_LENGTH = 4 * 2 ** 20

/** Statements that find rows locked before the rest of a batch is left for later. */
const MAX_LOCKED = 3

/** After so many attempts that lost against locks, statements get smaller. */
const ATTEMPTS_AT_FULL_SIZE = 2

/** What became of changes that were to be written. */
export interface Written {
  /** Rows that were changed. */
  readonly changed: number
  /** Whether rows were left out at once because others held locks on them. */
  readonly skipped: boolean
  /** Whether a statement was given up that lost against locks however often it was tried. */
  readonly gaveUp: boolean
  /** The rows that the database refused, by their positions, and why. */
  readonly refused: ReadonlyMap<number, StatementError>
  /** The key of a row that the database would have held something else in; nothing follows it. */
  readonly altered?: PrimaryKey
}

/**
 * Writes changes in statements bounded by bytes. One that met a lock leaves the rows out that are
 * locked, where the database can tell which these are; else, or if it loses against locks still, it
 * gets smaller. So does one of which the database refuses a row, until that is by itself. Such rows,
 * and those that stay locked, are left out.
 *
 * @param skipsLocked - whether to leave locked rows out from the first, where the database can; defaults to `false`
 */
export async function writeChanges(
  worker: Worker,
  table: BulkTable,
  changes: Changes,
  skipsLocked = false,
): Promise<Written> {
  const { inTransaction } = worker
  const all = changes.rows
  const refused = new Map<number, StatementError>()
  let next = 0
  let changed = 0
  let skipped = 0
  let gaveUp = 0
  let size = Infinity
  const written = (): Written => ({
    ...{ changed, refused },
    ...{ skipped: skipped > 0, gaveUp: gaveUp > 0 },
  })
  while (next < all.length && skipped + gaveUp < MAX_LOCKED) {
    let rows: readonly number[] = []
    try {
      const { isSkipping, ...result } = await worker.run(async (session, attempt) => {
        const { connection, dialect } = session
        if (attempt > ATTEMPTS_AT_FULL_SIZE) size = Math.max(1, Math.ceil(rows.length / 2))
        const fitting = rowsThatFit(changes, next, dialect.longestInCompany)
        rows = all.slice(next, next + Math.min(size, fitting))
        const skipLocked = (skipsLocked || attempt > 0) && dialect.skipsLocked
        const options = { inTransaction, skipLocked }
        const wrote = await dialect.write(connection, table, { ...changes, rows }, options)
        return { ...wrote, isSkipping: skipLocked }
      })
      changed += result.changed
      if (isSkipping && result.changed < rows.length) skipped++
      if (result.altered) return { ...written(), altered: result.altered }
      size *= 2
    } catch (error) {
      if (isRefusal(error)) {
        size = Math.ceil(rows.length / 2)
        if (rows.length > 1) continue
        refused.set(rows[0] ?? 0, error)
      } else if (worker.isLock(error) && !inTransaction) gaveUp++
      else throw error
    }
    next += rows.length
  }
  return written()
}

/**
 * Returns how many of the rows to change, from one on, fit into a statement: at least one.
 *
 * @param longestInCompany - characters of a row beyond which it is written by itself; `undefined` for no limit
 */
export function rowsThatFit(
  changes: Changes,
  from: number,
  longestInCompany: number | undefined,
): number {
  const { rows } = changes
  const longest = longestInCompany ?? Infinity
  let total = 0
  let next = from
  for (; next < rows.length; next++) {
    const length = lengthOf(changes, rows[next] ?? 0)
    total += length
    if (next > from && (total > MAX_STATEMENT_LENGTH || length > longest)) break
    if (length > longest) return next + 1 - from
  }
  return next - from
}

/** The characters in old and new cells of a row. */
function lengthOf({ batch: { cells }, newCells }: Changes, row: number): number {
  let length = 0
  for (let column = 0; column < cells.length; column++) {
    const before = cells[column]?.[row]?.length ?? 0
    const after = newCells[column]?.[row]
    length += before + (after === undefined ? before : (after?.length ?? 0))
  }
  return length
}

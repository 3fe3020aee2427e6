import type { Changes, PrimaryKey } from "../../dialect/batch"
import type { BulkTable } from "../../dialect/dialect"
import { isDuplicate } from "../../dialect/statement-error"
import type { Worker } from "../connection/worker"

/** Characters of cells in one statement; a single row may have more. Servers bound packets. */
const MAX_STATEMENT_LENGTH = 4 * 2 ** 20

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
  /** The key of a row that the database would have held something else in; nothing follows it. */
  readonly altered?: PrimaryKey
}

/**
 * Writes changes in statements bounded by bytes; after one lost against locks several times, or met a
 * unique index, in ever smaller ones. Rows that stay locked, or whose value is there already, are
 * left out.
 */
export async function writeChanges(
  worker: Worker,
  table: BulkTable,
  changes: Changes,
): Promise<Written> {
  const all = changes.rows
  let next = 0
  let changed = 0
  let locked = 0
  let size = Infinity
  while (next < all.length && locked < MAX_LOCKED) {
    let rows: readonly number[] = []
    try {
      const result = await worker.run(({ connection, dialect }, attempt) => {
        if (attempt > ATTEMPTS_AT_FULL_SIZE) size = Math.max(1, Math.ceil(rows.length / 2))
        const fitting = rowsThatFit(changes, next, dialect.longestInCompany)
        rows = all.slice(next, next + Math.min(size, fitting))
        return dialect.write(connection, table, { ...changes, rows }, worker.inTransaction)
      })
      changed += result.changed
      if (result.altered) return { changed, locked: locked > 0, altered: result.altered }
      size *= 2
    } catch (error) {
      if (worker.inTransaction) throw error
      if (isDuplicate(error)) {
        size = Math.ceil(rows.length / 2)
        if (rows.length > 1) continue
      } else if (worker.isLock(error)) locked++
      else throw error
    }
    next += rows.length
  }
  return { changed, locked: locked > 0 }
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

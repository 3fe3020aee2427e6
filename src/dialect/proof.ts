import type { Cell, Changes, PrimaryKey } from "./batch"
import { cellAfter } from "./batch"
import { isSameCell } from "./same-cell"
import type { Connection } from "./connection"
import { driverCodeOf } from "./statement-error"

/** What a write did, as the database holds it. */
export interface WriteResult {
  /** Rows that hold what was meant. */
  readonly changed: number
  /** The key of a row that holds something else, for which the write was undone. */
  readonly altered?: PrimaryKey
}

const SAVEPOINT = "typeorm_fernet_batch"

/**
 * Runs a write as a transaction of its own, or as a part of the one that is open, and undoes it if a
 * row was altered on the way.
 */
export async function undoIfAltered(
  connection: Connection,
  inTransaction: boolean,
  write: () => Promise<WriteResult>,
): Promise<WriteResult> {
  const isOpen = inTransaction && (await isTransactionOpen(connection))
  const undo = isOpen ? `ROLLBACK TO SAVEPOINT ${SAVEPOINT}` : "ROLLBACK"
  await connection.query(isOpen ? `SAVEPOINT ${SAVEPOINT}` : "START TRANSACTION")
  try {
    const result = await write()
    const end = isOpen ? `RELEASE SAVEPOINT ${SAVEPOINT}` : "COMMIT"
    await connection.query(result.altered ? undo : end)
    return result
  } catch (error) {
    // The connection may be gone
    await connection.query(undo).catch(() => undefined)
    throw error
  }
}

/**
 * MySQL ends a transaction at a change of a table's definition, and then takes savepoints without
 * making them: a write would not be undone.
 */
async function isTransactionOpen(connection: Connection): Promise<boolean> {
  await connection.query(`SAVEPOINT ${SAVEPOINT}`)
  try {
    await connection.query(`RELEASE SAVEPOINT ${SAVEPOINT}`)
    return true
  } catch (error) {
    if (driverCodeOf(error) === "ER_SP_DOES_NOT_EXIST") return false
    throw error
  }
}

/**
 * Compares what rows hold after a write with what was meant.
 *
 * @param changed - how many rows the database said it had changed
 * @param cellsOf - the cells that a row holds now; `undefined` if it is not there
 * @param documents - says of each column whether it holds documents
 */
export function proveChanges(
  changes: Changes,
  changed: number,
  cellsOf: (row: number) => readonly Cell[] | undefined,
  documents: readonly boolean[] = [],
): WriteResult {
  let asMeant = 0
  let asBefore = 0
  let other: number | undefined
  for (const row of changes.rows) {
    const cells = cellsOf(row)
    const isMeant = (cell: Cell, i: number): boolean =>
      isSameCell(cell, cellAfter(changes, i, row), documents[i] === true)
    if (cells?.every(isMeant)) asMeant++
    // A row that is kept as it was lost nothing
    else if (cells?.every((cell, i) => cell === changes.batch.cells[i]?.[row])) asBefore++
    else other ??= row
  }
  // What others wrote was not changed by this write, and is not counted
  if (other === undefined || asMeant + asBefore >= changed)
    return { changed: Math.min(changed, asMeant) }
  return { changed: 0, altered: changes.batch.primaryKeyAt(other) }
}

import { type Batch, type Changes, cellAfter, type NewCells } from "./batch"
import type { Connection } from "./connection"
import type { BulkTable, Dialect } from "./dialect"
import { driverCodeOf } from "./statement-error"

const SAVEPOINT = "typeorm_fernet_rehearsal"

/** Rehearses changes, as {@link Dialect.rehearse} says, in a transaction that is rolled back. */
export async function rehearseInTransaction(
  dialect: Dialect,
  connection: Connection,
  table: BulkTable,
  changes: Changes,
  again: readonly NewCells[],
  inTransaction: boolean,
): Promise<boolean> {
  const isOpen = inTransaction && (await isTransactionOpen(connection))
  await connection.query(isOpen ? `SAVEPOINT ${SAVEPOINT}` : "START TRANSACTION")
  try {
    const changed = await dialect.write(connection, table, changes)
    const written = { ...changes, batch: batchAfter(changes), newCells: again }
    // A row that others wrote meanwhile tells nothing
    return (await dialect.write(connection, table, written)) === changed
  } finally {
    await connection.query(isOpen ? `ROLLBACK TO SAVEPOINT ${SAVEPOINT}` : "ROLLBACK")
  }
}

/** A batch as it is when its changes are written. */
function batchAfter(changes: Changes): Batch {
  const { batch } = changes
  return {
    size: batch.size,
    cells: batch.cells.map((column, i) => column.map((_, row) => cellAfter(changes, i, row))),
    keyAt: (row) => batch.keyAt(row),
  }
}

/**
 * MySQL ends a transaction at a change of a table's definition, and then takes savepoints without
 * making them: a rehearsal would not be rolled back.
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

import type { Connection } from "./connection"
import type { BulkTable, Cell, Dialect, RowChange } from "./dialect"
import { driverCodeOf } from "./statement-error"

const SAVEPOINT = "typeorm_fernet_rehearsal"

/** Rehearses a change, as {@link Dialect.rehearse} says, in a transaction that is rolled back. */
export async function rehearseInTransaction(
  dialect: Dialect,
  connection: Connection,
  table: BulkTable,
  change: RowChange,
  again: readonly Cell[],
  inTransaction: boolean,
): Promise<boolean> {
  const isOpen = inTransaction && (await isTransactionOpen(connection))
  await connection.query(isOpen ? `SAVEPOINT ${SAVEPOINT}` : "START TRANSACTION")
  try {
    // A row that others wrote meanwhile tells nothing
    if ((await dialect.write(connection, table, [change])) === 0) return true
    const next = { key: change.key, cells: change.newCells, newCells: again }
    return (await dialect.write(connection, table, [next])) === 1
  } finally {
    await connection.query(isOpen ? `ROLLBACK TO SAVEPOINT ${SAVEPOINT}` : "ROLLBACK")
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

import type { BulkTable, RowFilter } from "../dialect/dialect"
import { isDuplicate } from "../dialect/statement-error"
import { ColumnMisuseError } from "../errors"
import { decide, isChange, type RowWork } from "./decision"
import type { Worker } from "./worker"

/**
 * Rehearses the change of one row, so that a run ends before it writes anything where the database
 * stores something else: a trigger that lowers the case of an address would destroy all tokens.
 *
 * @throws {@link ColumnMisuseError} in that case
 */
export async function requireFaithful(
  worker: Worker,
  table: BulkTable,
  filter: RowFilter,
  plan: RowWork,
): Promise<void> {
  const rows = await worker.run(({ connection, dialect }) =>
    dialect.read(connection, table, { filter, limit: 1, anyOrder: true }),
  )
  const [row] = rows
  const change = row && decide(plan, row)
  if (!change || !isChange(change)) return
  const { newCells } = change
  const again = decide(plan, row).newCells
  // Plaintext is what triggers are for: only tokens differ each time they are made
  if (again.every((cell, i) => cell === newCells[i])) return
  try {
    const isFaithful = await worker.run(({ connection, dialect }) =>
      dialect.rehearse(connection, table, { ...row, newCells }, again, worker.inTransaction),
    )
    if (isFaithful) return
  } catch (error) {
    // A row that is locked for long, or that a unique index refuses, tells nothing
    if (!worker.inTransaction && (worker.isLock(error) || isDuplicate(error))) return
    throw error
  }
  const labels = plan.columns.map(({ label }) => label).join(" or ")
  throw new ColumnMisuseError([`A trigger changes what is written to ${labels}; remove it first.`])
}

import type { BulkTable, RowFilter } from "../dialect/dialect"
import { isDuplicate } from "../dialect/statement-error"
import { ColumnMisuseError } from "../errors"
import type { Worker } from "./connection/worker"
import { decide, type Decider } from "./pass/decision"

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
  decider: Decider,
): Promise<void> {
  const batch = await worker.run(({ connection, dialect }) =>
    dialect.read(connection, table, { filter, limit: 1, anyOrder: true }),
  )
  const changes = decide(decider, batch)
  const again = decide(decider, batch).newCells
  // Plaintext is what triggers are for: only tokens differ each time they are made
  if (again.every((cells, i) => cells[0] === changes.newCells[i]?.[0])) return
  try {
    const isFaithful = await worker.run(({ connection, dialect }) =>
      dialect.rehearse(connection, table, changes, again, worker.inTransaction),
    )
    if (isFaithful) return
  } catch (error) {
    // A row that is locked for long, or that a unique index refuses, tells nothing
    if (!worker.inTransaction && (worker.isLock(error) || isDuplicate(error))) return
    throw error
  }
  const labels = decider.columns.map(({ label }) => label).join(" or ")
  throw new ColumnMisuseError([`A trigger changes what is written to ${labels}; remove it first.`])
}

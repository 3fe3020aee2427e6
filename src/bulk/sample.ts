import { randomBytes } from "node:crypto"

import type { Session } from "../dialect/session"
import type { BulkTable } from "../dialect/dialect"

/** How much of a table to look at. */
export type Sample = { readonly fraction: number } | { readonly rows: number }

/** Rows to aim at in the smallest sample: one of fewer is often one of none, which proves nothing. */
const LEAST_ROWS = 20

/** Random bytes that decide which rows are in a sample: as many as a dialect asks for. */
const SEED_BYTES = 32

/**
 * Returns the condition that passes a random sample of a table's rows, about as large as asked for,
 * and the same rows whenever it is asked; `undefined` if all of them do.
 */
export async function sampleCondition(
  { connection, dialect }: Session,
  table: BulkTable,
  sample: Sample,
): Promise<string | undefined> {
  const { rows } = await dialect.count(connection, table, "all")
  const asked = "rows" in sample ? sample.rows : rows * sample.fraction
  const fraction = Math.max(asked, LEAST_ROWS) / Math.max(1, rows)
  if (fraction >= 1) return undefined
  return dialect.sampleCondition(table, fraction, randomBytes(SEED_BYTES).toString("hex"))
}

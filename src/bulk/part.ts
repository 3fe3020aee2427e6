import { randomBytes } from "node:crypto"

import type { BulkTable } from "../dialect/dialect"
import type { Session } from "../dialect/session"
import { EncryptionError } from "../errors"

/** One of several parts of a table that no row is in two of. */
export interface Shard {
  /** Counted from 0. */
  readonly index: number
  readonly count: number
}

/** How much of a table to look at. */
export type Sample = { readonly fraction: number } | { readonly rows: number }

/** Rows to aim at in the smallest sample: one of fewer is often one of none, which proves nothing. */
const LEAST_ROWS = 20

/** Random bytes that decide which rows are in a sample: as many as a dialect asks for. */
const SEED_BYTES = 32

/**
 * Restricts a table to a shard of it, and that to a sample.
 *
 * @throws {@link EncryptionError} `ERR_UNSUPPORTED_DATABASE` if the database has no shards
 */
export async function partOf(
  session: Session,
  table: BulkTable,
  shard: Shard | undefined,
  sample: Sample | undefined,
): Promise<BulkTable> {
  const part = shard && shard.count > 1 ? shardOf(session, table, shard) : table
  return sample ? sampleOf(session, part, sample) : part
}

function shardOf({ dialect }: Session, table: BulkTable, { index, count }: Shard): BulkTable {
  const condition = dialect.shardCondition(table, index, count)
  if (condition !== undefined) return restrictedTo(table, condition)
  throw new EncryptionError("ERR_UNSUPPORTED_DATABASE", "This database cannot shard a table.")
}

/** At random, about as large as asked for, and the same rows whenever it is read. */
async function sampleOf(
  { connection, dialect }: Session,
  table: BulkTable,
  sample: Sample,
): Promise<BulkTable> {
  const { rows } = await dialect.count(connection, table, "all")
  const asked = "rows" in sample ? sample.rows : rows * sample.fraction
  const fraction = Math.max(asked, LEAST_ROWS) / Math.max(1, rows)
  if (fraction >= 1) return table
  const seed = randomBytes(SEED_BYTES).toString("hex")
  return restrictedTo(table, dialect.sampleCondition(table, fraction, seed))
}

function restrictedTo(table: BulkTable, condition: string): BulkTable {
  const where = table.where === undefined ? condition : `(${table.where}) AND ${condition}`
  return { ...table, where }
}

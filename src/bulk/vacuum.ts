import type { BulkTable } from "../dialect/dialect"
import { EncryptionError } from "../errors"
import type { Tally } from "./report"
import type { Worker } from "./connection/worker"

/** Parts of a table after each of which it is vacuumed: the next part takes the room of the last. */
const PARTS = 8

/** Vacuums a table on the way through it, so that new rows take the room of old ones. */
export class Vacuum {
  readonly #table: BulkTable
  readonly #tally: Tally
  #vacuumedAt = 0
  #isRunning = false

  constructor(table: BulkTable, tally: Tally) {
    this.#table = table
    this.#tally = tally
  }

  /** Vacuums if enough rows were changed since the last time, unless another worker is at it. */
  async afterBatch(worker: Worker, total: number): Promise<void> {
    if (this.#tally.changed - this.#vacuumedAt < total / PARTS || this.#isRunning) return
    this.#vacuumedAt = this.#tally.changed
    this.#isRunning = true
    try {
      await worker.run(async ({ connection, dialect }) => {
        const statement = dialect.vacuum?.(this.#table)
        if (statement !== undefined) await connection.query(statement)
      })
    } catch (error) {
      // Autovacuum may be at it
      if (!worker.isLock(error)) throw error
    } finally {
      this.#isRunning = false
    }
  }
}

/**
 * Sees to it that a table can be vacuumed.
 *
 * @throws TypeError in a transaction
 * @throws {@link EncryptionError} `ERR_UNSUPPORTED_DATABASE` if the database has no such statement
 */
export async function requireVacuum(worker: Worker): Promise<void> {
  if (worker.inTransaction) {
    throw new TypeError("A table cannot be vacuumed in a transaction; leave `vacuum` out.")
  }
  const isKnown = await worker.run(({ dialect }) => Promise.resolve(dialect.vacuum !== undefined))
  if (isKnown) return
  throw new EncryptionError(
    "ERR_UNSUPPORTED_DATABASE",
    "Only PostgreSQL has tables to vacuum; leave `vacuum` out.",
  )
}

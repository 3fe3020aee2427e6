import type { BulkTable, Dialect } from "../dialect/dialect"
import type { Session } from "../dialect/session"
import { EncryptionError } from "../errors"
import { type BulkSource, openSpareWorker } from "./connection/pool"
import type { Worker } from "./connection/worker"
import type { CheckedOptions } from "./options"

/** What is locked: a table, or the shard of it that a run is about. */
export interface LockedRun {
  readonly table: BulkTable
  readonly options: CheckedOptions
}

/**
 * Does what a run does while no other run has the table, or the shard of it. The lock is the worker's,
 * or one on a connection of its own where only a transaction can hold it.
 *
 * @throws {@link EncryptionError} `ERR_ALREADY_RUNNING` if another run has it,
 * `ERR_UNSUPPORTED_DATABASE` if there is no connection for the lock
 */
export async function underLock<Result>(
  worker: Worker,
  source: BulkSource,
  run: LockedRun,
  locked: () => Promise<Result>,
): Promise<Result> {
  const needsKeeper = await worker.run(({ dialect }) =>
    Promise.resolve(dialect.locksByTransaction === true && !worker.inTransaction),
  )
  if (!needsKeeper) return withLockOf(worker, run, locked)
  const keeper = await openSpareWorker(source, run.options)
  if (!keeper) throw noConnectionForLock(run.table)
  try {
    return await withLockOf(keeper, run, locked)
  } finally {
    await keeper.close()
  }
}

/** Runs while a worker holds the lock. */
async function withLockOf<Result>(
  worker: Worker,
  { table, options }: LockedRun,
  locked: () => Promise<Result>,
): Promise<Result> {
  const { index, count } = options.shard ?? { index: 0, count: 1 }
  const lock = ({ connection, dialect }: Session): ReturnType<Dialect["tryLock"]> =>
    dialect.tryLock(connection, table, `${index}/${count}`, worker.inTransaction)
  const unlock = await worker.run(lock)
  if (!unlock) throw alreadyRunning(table)
  const held: { unlock: typeof unlock | undefined } = { unlock }
  // A connection that is lost takes the lock with it. The server may think that it still is there:
  // then the run goes on without, which costs time at worst
  worker.onReconnect(async (session) => {
    held.unlock = await lock(session)
  })
  try {
    return await locked()
  } finally {
    await held.unlock?.().catch(() => undefined)
  }
}

function alreadyRunning(table: BulkTable): EncryptionError {
  return new EncryptionError(
    "ERR_ALREADY_RUNNING",
    `Another run is at work on ${table.path}. Wait for it, give each run a shard, or pass \`force\`.`,
  )
}

/** Behind a pooler the lock needs a connection of its own. */
function noConnectionForLock(table: BulkTable): EncryptionError {
  return new EncryptionError(
    "ERR_UNSUPPORTED_DATABASE",
    `${table.path} is reached through a pooler, behind which a run holds its lock on a connection of ` +
      "its own, and the pool had none to spare. Let the pool have one more, connect to the database " +
      "itself, or pass `force` to run without a lock.",
  )
}

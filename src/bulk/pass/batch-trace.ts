import { tracingChannel } from "node:diagnostics_channel"

/**
 * What the tracing channel `typeorm-fernet:bulk.batch` is told of a batch of bulk work, from before it is
 * decided about until it is written. Node adds the `error` that it failed with.
 */
export interface BulkBatchTrace {
  /** The columns, as `Entity.property` or as `table.column`. */
  readonly columns: readonly string[]
  /** The rows that were read. */
  readonly rows: number
  /** Whether nothing is to be written. */
  readonly dryRun: boolean
}

const batches = tracingChannel<object, BulkBatchTrace>("typeorm-fernet:bulk.batch")

/** Has a batch traced by whoever subscribes. */
export function traced<Result>(
  trace: BulkBatchTrace,
  work: () => Promise<Result>,
): Promise<Result> {
  return batches.tracePromise(work, trace)
}

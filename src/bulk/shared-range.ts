import type { ColumnBatch } from "../dialect/column-access"
import type { Key, TableRow } from "../dialect/dialect"
import type { BatchReader } from "./batch-reader"

/** A batch that one worker has taken: its rows column by column or one by one. */
export interface TakenBatch {
  readonly size: number
  readonly columns?: ColumnBatch
  readonly rows?: readonly TableRow[]
  /** Where it lies: after the batch before, up to its own last row. */
  readonly range: { readonly after: Key | undefined; readonly upTo: Key }
}

/**
 * The rows of a table from the first to the last, which workers take batches from in turn: while one
 * reads, the others write, and all have something to do until the end.
 */
export class SharedRange {
  #after: Key | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** Reads the next batch; `undefined` at the end. */
  take(reader: BatchReader): Promise<TakenBatch | undefined> {
    const taken = this.#turn.then(() => this.#read(reader))
    this.#turn = taken.catch(() => undefined)
    return taken
  }

  async #read(reader: BatchReader): Promise<TakenBatch | undefined> {
    const after = this.#after
    const columns = await reader.readColumns({ after })
    const rows = columns ? undefined : await reader.read({ after })
    const upTo = columns ? columns.last : rows?.at(-1)?.key
    if (upTo === undefined) return undefined
    this.#after = upTo
    const range = { after, upTo }
    return columns
      ? { size: columns.size, columns, range }
      : { size: rows?.length ?? 0, rows: rows ?? [], range }
  }
}

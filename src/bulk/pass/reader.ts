import type { Batch, Cell, PrimaryKey } from "../../dialect/batch"
import type { BulkTable, PrimaryKeyRange, RowFilter } from "../../dialect/dialect"
import { ColumnMisuseError } from "../../errors"
import type { Worker } from "../connection/worker"
import { primaryKeyParts, primaryKeyText } from "../report"

/** Bytes that a batch may have, beyond which rows are measured before they are read. */
const MAX_UNMEASURED_BYTES = 32 * 2 ** 20

/** Bytes of cells in a batch of measured rows; a single row may have more. */
const MAX_MEASURED_BYTES = 8 * 2 ** 20

/** Characters of cells to aim at in a batch. */
const AIMED_LENGTH = 4 * 2 ** 20

/** Rows of the first batch: it is small, to give all workers something to do soon. */
const FIRST_ROWS = 1000

/** What a reader reads, and how much at a time. */
export interface ReaderOptions {
  readonly table: BulkTable
  readonly filter: RowFilter
  readonly batchSize: number
  /** Bytes in the largest row there was when rows were counted. */
  readonly longest: number
}

/** A batch that was read, and where. */
export interface ReadBatch {
  readonly batch: Batch
  /** Where its rows lie: up to the last of them. */
  readonly range: PrimaryKeyRange
  /** What of the range that was asked for was not read, if it may hold rows. */
  readonly rest: PrimaryKeyRange | undefined
}

/** Reads batches of a table: bounded by rows, and by bytes where rows may be large. */
export class BatchReader {
  readonly #worker: Worker
  readonly #options: ReaderOptions
  #longest: number
  #limit: number

  constructor(worker: Worker, options: ReaderOptions) {
    this.#worker = worker
    this.#options = options
    this.#longest = options.longest
    this.#limit = Math.min(options.batchSize, FIRST_ROWS)
  }

  /**
   * Reads the first rows of a range.
   *
   * @param latest - whether to read what others committed since the transaction began
   */
  async read(range: PrimaryKeyRange, latest = false): Promise<ReadBatch> {
    const { table, filter } = this.#options
    const limit = this.#limit
    const upTo =
      this.#longest * limit > MAX_UNMEASURED_BYTES ? await this.#boundOf(range) : undefined
    const options = { ...range, ...(upTo && { upTo }), filter, limit, latest }
    const batch = await this.#worker.run(({ connection, dialect }) =>
      dialect.read(connection, table, options),
    )
    if (batch.size > 0) requireAdvance(table, range.after, batch.primaryKeyAt(0))
    this.#noteLengths(batch)
    const last = batch.size === 0 ? undefined : batch.primaryKeyAt(batch.size - 1)
    // Rows that were measured may be gone when they are read, and others lie behind them
    const readTo = batch.size === limit ? last : upTo
    return {
      batch,
      range: { after: range.after, upTo: last ?? upTo ?? range.upTo },
      rest: readTo && { after: readTo, upTo: range.upTo },
    }
  }

  /** Fits the next batch to the cells of the last. Larger rows may have been written since the count. */
  #noteLengths({ size, cells }: Batch): void {
    const { batchSize } = this.#options
    const lengths = cells.map(lengthsOf)
    const longest = lengths.reduce((sum, one) => sum + one.longest, 0)
    const total = lengths.reduce((sum, one) => sum + one.total, 0)
    this.#longest = Math.max(this.#longest, longest)
    const rows = Math.floor((size * AIMED_LENGTH) / Math.max(1, total))
    if (size > 0) this.#limit = Math.min(batchSize, Math.max(1, rows))
  }

  /** Returns the last key up to which a batch holds no more bytes than it may. */
  async #boundOf(range: PrimaryKeyRange): Promise<PrimaryKey | undefined> {
    const { table, filter } = this.#options
    const options = { ...range, filter, limit: this.#limit }
    const sizes = await this.#worker.run(({ connection, dialect }) =>
      dialect.measure(connection, table, options),
    )
    const [first] = sizes
    if (first) requireAdvance(table, range.after, first.key)
    let total = 0
    let bound: PrimaryKey | undefined
    for (const { key, bytes } of sizes) {
      total += bytes
      if (bound && total > MAX_MEASURED_BYTES) return bound
      bound = key
    }
    // All that there are, or as many as may be read at once
    return sizes.length < this.#limit ? undefined : bound
  }
}

/** A key that comes after itself would be read for ever, and others might be passed over. */
function requireAdvance(
  { path, key }: BulkTable,
  after: PrimaryKey | undefined,
  first: PrimaryKey,
): void {
  if (!after || primaryKeyText(after) !== primaryKeyText(first)) return
  const names = key.map(({ name }) => name).join(", ")
  throw new ColumnMisuseError([
    `${path} cannot be read in the order of ${names}: row ${primaryKeyParts(first).join(", ")} comes ` +
      "after itself, as a text that is not valid in its encoding does. Correct that key, or describe " +
      "the table with another unique key as its `primaryKey`.",
  ])
}

function lengthsOf(cells: readonly Cell[]): { readonly longest: number; readonly total: number } {
  let longest = 0
  let total = 0
  for (const cell of cells) {
    const length = cell?.length ?? 0
    total += length
    if (length > longest) longest = length
  }
  return { longest, total }
}

/**
 * The rows of a table from the first to the last, which workers take batches from in turn: while one
 * reads, the others write, and all have something to do until the end.
 */
export class SharedRange {
  #rest: PrimaryKeyRange | undefined = {}
  #turn: Promise<unknown> = Promise.resolve()

  /** Reads the next batch; `undefined` at the end. */
  take(reader: BatchReader): Promise<ReadBatch | undefined> {
    const taken = this.#turn.then(() => this.#read(reader))
    this.#turn = taken.catch(() => undefined)
    return taken
  }

  async #read(reader: BatchReader): Promise<ReadBatch | undefined> {
    while (this.#rest) {
      const read = await reader.read(this.#rest)
      this.#rest = read.rest
      if (read.batch.size > 0) return read
    }
    return undefined
  }
}

import type { ColumnBatch } from "../dialect/column-access"
import type { BulkTable, KeyRange, RowFilter, TableRow } from "../dialect/dialect"
import type { Worker } from "./worker"

/** Bytes of cells in a batch, beyond which rows are measured before they are read. */
const MAX_UNMEASURED_BYTES = 32 * 2 ** 20

/** Characters of cells to aim at in a batch that is read column by column. */
const MAX_COLUMN_LENGTH = 4 * 2 ** 20

/** Rows of the first batch that is read column by column: it is small, to give all something to do soon. */
const FIRST_ROWS = 1000

/** Bytes of cells in a batch of measured rows; a single row may have more. */
const MAX_MEASURED_BYTES = 8 * 2 ** 20

/** What a reader reads, and how much at a time. */
export interface ReaderOptions {
  readonly table: BulkTable
  readonly filter: RowFilter
  readonly batchSize: number
  /** Bytes in the largest row there was when rows were counted. */
  readonly longest: number
}

/** Reads the batches of one range: bounded by rows, and by bytes where rows may be large. */
export class BatchReader {
  readonly #worker: Worker
  readonly #table: BulkTable
  readonly #filter: RowFilter
  readonly #batchSize: number
  #longest: number
  /** Rows that are read column by column, which are written in one statement. */
  #columnRows: number

  constructor(worker: Worker, { table, filter, batchSize, longest }: ReaderOptions) {
    this.#worker = worker
    this.#table = table
    this.#filter = filter
    this.#batchSize = batchSize
    this.#longest = longest
    this.#columnRows = Math.min(batchSize, FIRST_ROWS)
  }

  /**
   * Reads the first rows of a range column by column. Returns `undefined` if rows may be large.
   */
  async readColumns(range: KeyRange): Promise<ColumnBatch | undefined> {
    if (this.#longest * this.#batchSize > MAX_UNMEASURED_BYTES) return undefined
    const options = { ...range, filter: this.#filter, limit: this.#columnRows }
    const batch = await this.#worker.run(({ connection, dialect }) =>
      dialect.columnwise.read(connection, this.#table, options),
    )
    this.#noteLengths(batch)
    return batch
  }

  /**
   * Reads the first rows of a range.
   *
   * @param latest - whether to read what others committed since the transaction began
   */
  async read(range: KeyRange, latest = false): Promise<readonly TableRow[]> {
    const isLarge = this.#longest * this.#batchSize > MAX_UNMEASURED_BYTES
    const upTo = isLarge ? await this.#boundOf(range) : range.upTo
    const options = { ...range, upTo, filter: this.#filter, limit: this.#batchSize, latest }
    const rows = await this.#worker.run(({ connection, dialect }) =>
      dialect.read(connection, this.#table, options),
    )
    // Larger rows may have been written since they were counted
    for (const { cells } of rows) this.#longest = Math.max(this.#longest, lengthOf(cells))
    return rows
  }

  /** Whether the range may hold more rows than {@link read} returned. */
  isCut(rows: readonly TableRow[]): boolean {
    return rows.length === this.#batchSize || this.#longest * this.#batchSize > MAX_UNMEASURED_BYTES
  }

  #noteLengths({ size, cells }: ColumnBatch): void {
    let longest = 0
    let total = 0
    for (const column of cells) {
      let longestCell = 0
      for (const cell of column) {
        const length = cell?.length ?? 0
        total += length
        if (length > longestCell) longestCell = length
      }
      longest += longestCell
    }
    this.#longest = Math.max(this.#longest, longest)
    const rows = Math.floor((size * MAX_COLUMN_LENGTH) / Math.max(1, total))
    this.#columnRows = Math.min(this.#batchSize, Math.max(1, rows))
  }

  /** Returns the last key up to which a batch holds no more bytes than it may. */
  async #boundOf(range: KeyRange): Promise<KeyRange["upTo"]> {
    const options = { ...range, filter: this.#filter, limit: this.#batchSize }
    const sizes = await this.#worker.run(({ connection, dialect }) =>
      dialect.measure(connection, this.#table, options),
    )
    let total = 0
    let bound = range.upTo
    for (const { key, bytes } of sizes) {
      total += bytes
      if (bound !== range.upTo && total > MAX_MEASURED_BYTES) break
      bound = key
    }
    return bound
  }
}

function lengthOf(cells: TableRow["cells"]): number {
  return cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0)
}

import type { Connection } from "./connection"
import type { BulkTable, Cell, Key, ReadOptions, TableRow } from "./dialect"

/** Rows that were read column by column, and are written back without being taken apart. */
export interface ColumnBatch {
  readonly size: number
  /** The cells of each encrypted column. */
  readonly cells: readonly (readonly Cell[])[]
  /** The key of the last row; `undefined` if there are no rows. */
  readonly last: Key | undefined
  /** The same rows one by one. */
  toRows(): readonly TableRow[]
}

/** The new cells of a column; `undefined` for each that stays as it is. */
export type NewCells = readonly (string | undefined)[]

/**
 * The usual way to read and write: whole columns of a batch. An object for each row costs more than
 * its encryption does.
 */
export interface ColumnAccess<Batch extends ColumnBatch = ColumnBatch> {
  /** Reads what `Dialect.read` reads, but for what only that knows: any order, and what is latest. */
  read(connection: Connection, table: BulkTable, options: ReadOptions): Promise<Batch>

  /**
   * Changes the rows with at least one new cell, as `Dialect.write` does, in as few statements as the
   * database takes them in.
   *
   * @param newCells - for each encrypted column
   */
  write(
    connection: Connection,
    table: BulkTable,
    batch: Batch,
    newCells: readonly NewCells[],
  ): Promise<number>
}

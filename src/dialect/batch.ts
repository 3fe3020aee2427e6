/** What a cell holds: text, or NULL. */
export type Cell = string | null

/** The values of a primary key, in the form the dialect reads and binds them. */
export type PrimaryKey = readonly unknown[]

/** Rows of a table, column by column: an object for each row costs more than its encryption does. */
export interface Batch {
  readonly size: number
  /** The cells of each of the table's columns, in the order of its list. */
  readonly cells: readonly (readonly Cell[])[]
  /** Returns the key of a row. */
  primaryKeyAt(row: number): PrimaryKey
}

/** The new cells of a column; `undefined` for each that stays as it is. */
export type NewCells = readonly (Cell | undefined)[]

/** Rows of a batch to change: each is changed only if every cell still is what was read. */
export interface Changes {
  readonly batch: Batch
  /** Their positions in the batch, in its order. */
  readonly rows: readonly number[]
  /** For each of the table's columns. */
  readonly newCells: readonly NewCells[]
}

/**
 * Makes a batch of rows that hold the values of the key and then the cells.
 *
 * @param columns - how many cells a row has
 * @param cell - what is text, if the driver returns something else
 */
export function batchOf(
  rows: readonly PrimaryKey[],
  columns: number,
  cell: (value: unknown) => Cell = (value) => value as Cell,
): Batch {
  const cells = Array.from({ length: columns }, (_, column) =>
    rows.map((row) => cell(row[row.length - columns + column])),
  )
  return { size: rows.length, cells, primaryKeyAt: (row) => rows[row]?.slice(0, -columns) ?? [] }
}

/** Returns the positions of the rows that have a new cell. */
export function changedRows(size: number, newCells: readonly NewCells[]): readonly number[] {
  const isChanged = new Uint8Array(size)
  for (const cells of newCells) {
    for (let row = 0; row < cells.length; row++) if (cells[row] !== undefined) isChanged[row] = 1
  }
  const rows: number[] = []
  for (let row = 0; row < size; row++) if (isChanged[row] === 1) rows.push(row)
  return rows
}

/** Returns what a cell is to hold, whether it changes or not. */
export function cellAfter(
  { batch, newCells }: Pick<Changes, "batch" | "newCells">,
  column: number,
  row: number,
): Cell {
  const cell = newCells[column]?.[row]
  return cell === undefined ? (batch.cells[column]?.[row] ?? null) : cell
}

import type { ColumnBatch, NewCells } from "./column-access"
import type { BulkTable, Cell, Key, RowChange } from "./dialect"

/** A batch of values as the driver returns them. */
export interface ValueBatch extends ColumnBatch {
  /** The values of each column of the key. */
  readonly keys: readonly (readonly unknown[])[]
}

/** Rows to change, column by column: what they are told apart by, what was read, what they become. */
export interface ChangeLists {
  readonly keys: readonly (readonly unknown[])[]
  readonly oldCells: readonly (readonly Cell[])[]
  readonly newCells: readonly (readonly Cell[])[]
}

/**
 * Turns rows that hold the values of the key and then the cells into columns.
 *
 * @param keyValue - what a value of the key's column is kept as
 * @param cell - what is text, if the driver returns something else
 */
export function valueBatch(
  { key, columns }: BulkTable,
  rows: readonly (readonly unknown[])[],
  keyValue: (value: unknown, column: number) => unknown = (value) => value,
  cell: (value: unknown) => Cell = (value) => value as Cell,
): ValueBatch {
  const keys = key.map((_, i) => rows.map((row) => keyValue(row[i], i)))
  const cells = columns.map((_, i) => rows.map((row) => cell(row[key.length + i])))
  const keyAt = (row: number): Key => keys.map((values) => values[row])
  return {
    ...{ size: rows.length, keys, cells },
    last: rows.length === 0 ? undefined : keyAt(rows.length - 1),
    toRows: () =>
      rows.map((_, row) => ({
        key: keyAt(row),
        cells: cells.map((column) => column[row] ?? null),
      })),
  }
}

/** Returns the positions of the rows that have a new cell. */
export function changedRows({ size }: ColumnBatch, newCells: readonly NewCells[]): number[] {
  const rows: number[] = []
  for (let row = 0; row < size; row++) {
    if (newCells.some((column) => column[row] !== undefined)) rows.push(row)
  }
  return rows
}

/** Returns the rows of a batch that have a new cell. */
export function changesIn(batch: ValueBatch, newCells: readonly NewCells[]): ChangeLists {
  const rows = changedRows(batch, newCells)
  return {
    keys: batch.keys.map((values) => rows.map((row) => values[row])),
    oldCells: batch.cells.map((column) => rows.map((row) => column[row] ?? null)),
    newCells: batch.cells.map((column, i) =>
      rows.map((row) => newCells[i]?.[row] ?? column[row] ?? null),
    ),
  }
}

/** Returns changes of single rows column by column. */
export function listChanges(
  { key: keyColumns, columns }: BulkTable,
  changes: readonly RowChange[],
): ChangeLists {
  return {
    keys: keyColumns.map((_, i) => changes.map(({ key }) => key[i])),
    oldCells: columns.map((_, i) => changes.map(({ cells }) => cells[i] ?? null)),
    newCells: columns.map((_, i) => changes.map(({ newCells }) => newCells[i] ?? null)),
  }
}

/** Returns the key of one of the rows. */
export function keyOf({ keys }: Pick<ChangeLists, "keys">, row: number): Key {
  return keys.map((values) => values[row])
}

import { jsonCodec } from "../column/document-codecs"
import type { LeafPath } from "../column/documents/json-path"
import { leafCell, leafReaders } from "../column/documents/leaf-cells"
import { leafSpans, type LeafSpan } from "../column/documents/leaf-spans"
import type { Cell } from "../dialect/batch"
import type { BulkColumn } from "./bulk-target"

/** The leaves of documents, as cells of a column of their own. */
export interface LeafCells {
  readonly column: BulkColumn
  readonly cells: readonly string[]
  /** The row of each. */
  readonly rows: readonly number[]
  readonly spans: readonly LeafSpan[]
  /** The rows that hold no JSON. */
  readonly broken: ReadonlySet<number>
  /** By row, a path that an array keeps from naming what it would name with a `*`. */
  readonly misplaced: ReadonlyMap<number, LeafPath>
}

/**
 * Takes the leaves out of the documents of a column.
 *
 * @param isText - whether a leaf that looks like a token is none; defaults to taking it for one
 */
export function leafCellsOf(
  column: BulkColumn,
  documents: readonly Cell[],
  isText: (cell: string, row: number) => boolean = () => false,
): LeafCells {
  const { paths = [] } = column
  const [cells, rows, spans]: [string[], number[], LeafSpan[]] = [[], [], []]
  const broken = new Set<number>()
  const misplaced = new Map<number, LeafPath>()
  for (const [row, document] of documents.entries()) {
    if (document === null) continue
    if (!isJson(document)) {
      broken.add(row)
      continue
    }
    for (const span of leafSpans(document, paths)) {
      if (span.isMisplaced) {
        misplaced.set(row, span.path)
        continue
      }
      const json = document.slice(span.start, span.end)
      const cell = leafCell(json)
      cells.push(cell !== json && isText(cell, row) ? json : cell)
      rows.push(row)
      spans.push(span)
    }
  }
  const leaves = { ...column, codec: jsonCodec, readers: leafReaders(column.readers) }
  return { column: leaves, cells, rows, spans, broken, misplaced }
}

/** Returns what of cells tokens and plaintext are: of documents their leaves, else the cells themselves. */
export function tokenCellsOf(
  column: BulkColumn,
  cells: readonly Cell[],
): { readonly column: BulkColumn; readonly cells: readonly Cell[] } {
  return column.paths ? leafCellsOf(column, cells) : { column, cells }
}

/** The text of a plaintext cell: a leaf that is a string is without its quotes. */
export function plaintextOf({ paths }: BulkColumn, cell: string): string {
  return paths && cell.startsWith('"') ? (JSON.parse(cell) as string) : cell
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

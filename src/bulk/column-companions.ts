import type { ColumnBatch, NewCells } from "../dialect/column-access"
import type { Cell } from "../dialect/dialect"
import type { ColumnVerdict } from "./column-work"
import { indexState, type IndexState, UNINDEXABLE, type WantedCell } from "./index-work"
import type { Sweep } from "./sweep"

/** What is to become of the companion cells of a batch, one entry for each blind index. */
export interface CompanionVerdict {
  readonly newCells: NewCells
  readonly states: readonly (IndexState | undefined)[]
}

/**
 * Decides about the companion cells of a whole batch. Returns `undefined` if it must go row by row:
 * where cells become NULL, or are a failure to list.
 */
export function decideCompanions(
  { columns, companions, indexes, indexWork }: Sweep,
  { size, cells }: ColumnBatch,
  verdicts: readonly ColumnVerdict[],
): readonly CompanionVerdict[] | undefined {
  if (!indexWork) return []
  if (companions === "cleared") return undefined
  const wanted = Array.from({ length: size }, (_, row) =>
    indexWork.wanted({
      cells: columns.map((_column, i) => cells[i]?.[row] ?? null),
      found: verdicts.flatMap(({ found }) => found[row] ?? []),
    }),
  )
  const decided = indexes.map((_, i) => {
    const before = cells[columns.length + i] ?? []
    return decideCompanion(
      before,
      wanted.map((row) => row[i]),
      companions === "written",
    )
  })
  const mustList = (state: IndexState | undefined): boolean =>
    companions === "proven" && state !== undefined && state !== "current"
  const isListed = decided.some((one) => one?.states.some(mustList) ?? true)
  return isListed ? undefined : (decided as CompanionVerdict[])
}

function decideCompanion(
  cells: readonly Cell[],
  wanted: readonly WantedCell[],
  isWritten: boolean,
): CompanionVerdict | undefined {
  const states = wanted.map((cell, row) => indexState(cells[row] ?? null, cell))
  if (!isWritten) return { newCells: [], states }
  const newCells: (string | undefined)[] = []
  for (const [row, cell] of wanted.entries()) {
    if (cell === UNINDEXABLE || (cell === null && cells[row] !== null)) return undefined
    newCells.push(cell === cells[row] ? undefined : (cell ?? undefined))
  }
  return { newCells, states }
}

/** Counts the companion cells of a batch. */
export function noteCompanionStates(
  { indexes, tally }: Sweep,
  companions: readonly CompanionVerdict[],
): void {
  companions.forEach(({ states }, i) => {
    for (const state of states) if (state) tally.indexed(indexes[i]?.label ?? "", state)
  })
}

import type { ColumnBatch, NewCells } from "../dialect/column-access"
import { isDuplicate } from "../dialect/statement-error"
import type { Written } from "./batch-writer"
import type { ClassifiedCell } from "./cell-state"
import { decideCompanions, noteCompanionStates } from "./column-companions"
import type { ColumnVerdict } from "./column-work"
import type { Decision } from "./decision"
import type { Sweep } from "./sweep"
import type { Worker } from "./worker"

/** After so many attempts that lost against locks, rows go in smaller statements. */
const ATTEMPTS = 2

/** Rows that others wrote meanwhile, in part: what was decided about all, and how many were changed. */
export interface RacedBatch {
  readonly decisions: readonly Decision[]
  readonly written: Written
}

/**
 * Deals with a batch column by column. Returns `undefined`, having done nothing, if it must go row by
 * row: for damaged cells, and when rows are locked for long.
 */
export async function sweepColumns(
  plan: Sweep,
  worker: Worker,
  batch: ColumnBatch,
): Promise<RacedBatch | "settled" | undefined> {
  const verdicts = decideAll(plan, batch)
  if (verdicts === undefined) return undefined
  const companions = decideCompanions(plan, batch, verdicts)
  if (companions === undefined) return undefined
  const newCells = [...verdicts, ...companions].map((verdict) => verdict.newCells)
  const changes = countChanges(batch, newCells)
  if (plan.audit) {
    // What the audit writes is looked at once more
    if (changes > 0) return undefined
    noteFound(plan, verdicts)
    noteCompanionStates(plan, companions)
    return "settled"
  }
  const changed =
    changes === 0 || plan.dryRun ? changes : await write(plan, worker, batch, newCells)
  if (changed === undefined) return undefined
  if (changed < changes) {
    return {
      decisions: toDecisions(batch, verdicts, newCells),
      written: { changed, locked: false },
    }
  }
  plan.tally.changed += changed
  if (!plan.dryRun) noteTurns(plan, verdicts)
  return "settled"
}

function decideAll(
  { columns, columnWork }: Sweep,
  { cells }: ColumnBatch,
): readonly ColumnVerdict[] | undefined {
  const verdicts = columns.map((column, i) => columnWork(cells[i] ?? [], column))
  return verdicts.includes(undefined) ? undefined : (verdicts as ColumnVerdict[])
}

function countChanges({ size }: ColumnBatch, newCells: readonly NewCells[]): number {
  let changes = 0
  for (let row = 0; row < size; row++) {
    if (newCells.some((column) => column[row] !== undefined)) changes++
  }
  return changes
}

function write(
  { table }: Sweep,
  worker: Worker,
  batch: ColumnBatch,
  newCells: readonly NewCells[],
): Promise<number | undefined> {
  const written = worker.run(async ({ connection, dialect }, attempt) =>
    attempt > ATTEMPTS ? undefined : dialect.columnwise.write(connection, table, batch, newCells),
  )
  return written.catch((error: unknown) => {
    // Row by row, all but those that a unique index refuses
    if (!worker.inTransaction && isDuplicate(error)) return undefined
    throw error
  })
}

function toDecisions(
  batch: ColumnBatch,
  verdicts: readonly ColumnVerdict[],
  newCells: readonly NewCells[],
): readonly Decision[] {
  return batch.toRows().map((row, i) => ({
    row,
    newCells: row.cells.map((cell, column) => newCells[column]?.[i] ?? cell),
    found: verdicts.flatMap(({ found }) => found[i] ?? []),
    problems: [],
    wanted: [],
  }))
}

function noteFound({ columns, tally }: Sweep, verdicts: readonly ColumnVerdict[]): void {
  verdicts.forEach(({ found }, i) => {
    for (const [state, count] of countEach(found))
      tally.found(columns[i]?.label ?? "", state, count)
  })
}

function noteTurns({ columns, tally }: Sweep, verdicts: readonly ColumnVerdict[]): void {
  verdicts.forEach(({ found, newCells, become }, i) => {
    const turned = found.filter((_, row) => newCells[row] !== undefined)
    for (const [from, count] of countEach(turned)) {
      tally.turned(columns[i]?.label ?? "", from, become, count)
    }
  })
}

function countEach(states: readonly ClassifiedCell[]): ReadonlyMap<ClassifiedCell, number> {
  const counts = new Map<ClassifiedCell, number>()
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}

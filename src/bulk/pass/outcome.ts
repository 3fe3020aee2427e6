import type { Cell } from "../../dialect/batch"
import {
  BARRED,
  type ClassifiedCell,
  type IndexState,
  NO_DOCUMENT,
  UNREADABLE_LEGACY,
} from "../cell-state"
import { indexState, UNINDEXABLE } from "./companions"
import type { Decision } from "./decision"
import { KEPT, type LeftReason, NOT_UTF8 } from "./left-rows"
import type { Pass } from "./pass"

/** Says why the changes of a row were not made; `undefined` if they were. */
type WhyLeft = (row: number) => LeftReason | undefined

/** Notes what became of the rows of a batch. */
export function noteOutcome(pass: Pass, decision: Decision, whyLeft: WhyLeft): void {
  if (!pass.dryRun) {
    const made = decision.rows.filter((row) => whyLeft(row) === undefined)
    noteMade(pass, decision, made)
  }
  if (pass.audit) noteStates(pass, decision)
  if (pass.last) noteFailures(pass, decision, whyLeft)
}

/** Notes which states the cells of some rows were in that the run made others of. */
export function noteMade(
  pass: Pass,
  { columns, newCells }: Decision,
  rows: readonly number[],
): void {
  columns.forEach(({ states, made, keyring }, i) => {
    const counts = new Map<ClassifiedCell, Map<ClassifiedCell, number>>()
    for (const row of rows) {
      const cell = newCells[i]?.[row]
      const from = states[row]
      if (cell === undefined || !from) continue
      const into = counts.get(from) ?? new Map<ClassifiedCell, number>()
      count(into, made?.[row] ?? pass.job.madeState(cell, keyring))
      counts.set(from, into)
    }
    for (const [from, into] of counts) {
      for (const [to, cells] of into) pass.tally.made(pass.columns[i]?.label ?? "", from, to, cells)
    }
  })
}

function noteStates(pass: Pass, { batch, columns, companions }: Decision): void {
  columns.forEach(({ states }, i) => {
    const counts = new Map<ClassifiedCell, number>()
    for (const state of states) count(counts, state)
    for (const [state, cells] of counts) {
      pass.tally.found(pass.columns[i]?.label ?? "", state, cells)
    }
  })
  companions.forEach(({ expected }, i) => {
    const cells = batch.cells[columns.length + i] ?? []
    const counts = new Map<IndexState | undefined, number>()
    for (const [row, cell] of cells.entries()) count(counts, indexState(cell, expected[row]))
    for (const [state, cells] of counts) {
      // What is decrypted has its index cleared
      if (state === "missing" && pass.demand === "cleared") continue
      if (state) pass.tally.indexed(pass.indexes[i]?.label ?? "", state, cells)
    }
  })
}

function count<State>(counts: Map<State, number>, state: State): void {
  counts.set(state, (counts.get(state) ?? 0) + 1)
}

/** A cell of a batch that could not be dealt with. */
interface Failure {
  readonly row: number
  readonly label: string
  readonly problem: string
}

/** Lists failures in the order of rows, and in each of columns. */
function noteFailures(pass: Pass, decision: Decision, whyLeft: WhyLeft): void {
  const why: WhyLeft = (row) => whyRowLeft(decision, row, whyLeft)
  const failures = [
    ...pass.columns.flatMap((_, i) => cellFailures(pass, decision, i, why)),
    ...pass.indexes.flatMap((_, i) => companionFailures(pass, decision, i, why)),
  ]
  failures.sort((a, b) => a.row - b.row)
  for (const { row, label, problem } of failures) {
    pass.tally.failedAt(label, decision.batch.primaryKeyAt(row), problem)
  }
}

function cellFailures(
  pass: Pass,
  { batch, columns, newCells }: Decision,
  column: number,
  whyLeft: WhyLeft,
): readonly Failure[] {
  const failures: Failure[] = []
  const label = pass.columns[column]?.label ?? ""
  const { problems, states } = columns[column] ?? {
    problems: new Map<number, string>(),
    states: [],
  }
  for (let row = 0; row < batch.size; row++) {
    const problem = problems.get(row) ?? whyKept(label, newCells[column]?.[row], whyLeft(row))
    if (problem !== undefined) failures.push({ row, label, problem })
    if (pass.audit && (states[row]?.state === "unreadable" || states[row] === BARRED)) {
      failures.push({ row, label, problem: unreadable(label, states[row]) })
    }
  }
  return failures
}

function companionFailures(
  pass: Pass,
  { batch, columns, companions, newCells }: Decision,
  index: number,
  whyLeft: WhyLeft,
): readonly Failure[] {
  const failures: Failure[] = []
  const { label = "" } = pass.indexes[index] ?? {}
  const at = columns.length + index
  const isProven = pass.demand === "proven"
  for (let row = 0; row < batch.size; row++) {
    const expected = companions[index]?.expected[row]
    const state = indexState(batch.cells[at]?.[row] ?? null, expected)
    const kept = whyKept(label, newCells[at]?.[row], whyLeft(row))
    if (kept !== undefined) failures.push({ row, label, problem: kept })
    if (expected === UNINDEXABLE) {
      if (isProven || pass.demand === "written") {
        failures.push({ row, label, problem: unindexable(label) })
      }
    } else if (pass.audit && isProven && state !== undefined && state !== "current") {
      failures.push({ row, label, problem: mismatch(label, state) })
    }
  }
  return failures
}

function unreadable(label: string, state: ClassifiedCell | undefined): string {
  if (state === NO_DOCUMENT) return `${label} holds no JSON document.`
  if (state === UNREADABLE_LEGACY) {
    return `${label} is in its legacy form, and could not be read in it.`
  }
  if (state === BARRED) {
    return `${label} holds a token under the keys that all columns share, and takes its own only: it was never moved, or was copied there.`
  }
  return `${label} holds a token that was damaged, or is under a key that is not in the keyring.`
}

function unindexable(label: string): string {
  return `${label} is left as it was: a normalizer refuses the value of its row.`
}

function mismatch(label: string, state: IndexState): string {
  return state === "missing"
    ? `${label} is NULL, so searches do not find the row; encrypt the table again to fill it.`
    : `${label} is not the index value of its row under the first key; rotate or encrypt the table again.`
}

/** What is no UTF-8 is read with replacements in it, and is never found to be what was read. */
function whyRowLeft({ batch }: Decision, row: number, whyLeft: WhyLeft): LeftReason | undefined {
  const reason = whyLeft(row)
  if (reason !== KEPT) return reason
  return batch.cells.some((cells) => cells[row]?.includes("\uFFFD")) ? NOT_UTF8 : KEPT
}

/** A cell that was to be another is left with its row. */
function whyKept(
  label: string,
  newCell: Cell | undefined,
  reason: LeftReason | undefined,
): string | undefined {
  if (newCell === undefined || reason === undefined) return undefined
  return `${label} is left as it was: ${reason}.`
}

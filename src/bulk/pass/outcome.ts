import type { Cell } from "../../dialect/batch"
import type { ClassifiedCell } from "./cell-state"
import { indexState, type IndexState, UNINDEXABLE } from "./companions"
import type { Decision } from "./decision"
import type { Pass } from "./pass"

/**
 * Notes what became of the rows of a batch.
 *
 * @param isWritten - whether its changes were made
 */
export function noteOutcome(pass: Pass, decision: Decision, isWritten: boolean): void {
  if (isWritten) noteMade(pass, decision, decision.rows)
  if (pass.audit) noteStates(pass, decision)
  if (pass.last) noteFailures(pass, decision, isWritten)
}

/** Notes which states the cells of some rows were in that the run made others of. */
export function noteMade(
  pass: Pass,
  { columns, newCells }: Decision,
  rows: readonly number[],
): void {
  pass.columns.forEach((column, i) => {
    const keyring = pass.keys.ringFor(column)
    const counts = new Map<ClassifiedCell, Map<ClassifiedCell, number>>()
    for (const row of rows) {
      const cell = newCells[i]?.[row]
      const from = columns[i]?.states[row]
      if (cell === undefined || !from) continue
      const into = counts.get(from) ?? new Map<ClassifiedCell, number>()
      count(into, pass.job.madeState(cell, keyring))
      counts.set(from, into)
    }
    for (const [from, into] of counts) {
      for (const [to, cells] of into) pass.tally.made(column.label, from, to, cells)
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
      if (state) pass.tally.indexed(pass.indexes[i]?.label ?? "", state, cells)
    }
  })
}

function count<State>(counts: Map<State, number>, state: State): void {
  counts.set(state, (counts.get(state) ?? 0) + 1)
}

function noteFailures(pass: Pass, decision: Decision, isWritten: boolean): void {
  for (let row = 0; row < decision.batch.size; row++) {
    pass.columns.forEach(({ label }, i) => {
      for (const problem of cellProblems(pass, decision, i, row, isWritten)) {
        pass.tally.failedAt(label, decision.batch.keyAt(row), problem)
      }
    })
    pass.indexes.forEach(({ label }, i) => {
      for (const problem of companionProblems(pass, decision, i, row, isWritten)) {
        pass.tally.failedAt(label, decision.batch.keyAt(row), problem)
      }
    })
  }
}

function cellProblems(
  pass: Pass,
  { columns, newCells }: Decision,
  column: number,
  row: number,
  isWritten: boolean,
): readonly string[] {
  const label = pass.columns[column]?.label ?? ""
  const decided = columns[column]
  const isLeft = newCells[column]?.[row] !== undefined && !isWritten && !pass.dryRun
  const problem = decided?.problems.get(row) ?? (isLeft ? notTaken(label) : undefined)
  const isUnreadable = pass.audit && decided?.states[row]?.state === "unreadable"
  return [problem ?? [], isUnreadable ? unreadable(label) : []].flat()
}

function companionProblems(
  pass: Pass,
  { batch, columns, companions, newCells }: Decision,
  index: number,
  row: number,
  isWritten: boolean,
): readonly string[] {
  const at = columns.length + index
  const { label = "", scheme } = pass.indexes[index] ?? {}
  const expected = companions[index]?.expected[row]
  const problems: string[] = []
  if (newCells[at]?.[row] !== undefined && !isWritten && !pass.dryRun) {
    problems.push(scheme?.unique ? notUnique(label) : notTaken(label))
  }
  const isRefused = expected === UNINDEXABLE && ["proven", "written"].includes(pass.demand)
  if (isRefused) problems.push(unindexable(label))
  const cell: Cell = batch.cells[at]?.[row] ?? null
  const state = indexState(cell, expected)
  const isWrong = pass.demand === "proven" && state !== undefined && state !== "current"
  if (pass.audit && isWrong && !isRefused) problems.push(mismatch(label, state))
  return problems
}

function unreadable(label: string): string {
  return `${label} holds a token that was damaged, or is under a key that is not in the keyring.`
}

function notUnique(label: string): string {
  return `${label} is left as it was: its index is unique, and another row has an equal value; or others wrote or locked the row.`
}

function unindexable(label: string): string {
  return `${label} is left as it was: a normalizer refuses the value of its row.`
}

function mismatch(label: string, state: IndexState): string {
  return state === "missing"
    ? `${label} is NULL, so searches do not find the row; encrypt the table again to fill it.`
    : `${label} is not the index value of its row under the first key; rotate or encrypt the table again.`
}

function notTaken(label: string): string {
  return `${label} is left as it was: others wrote or locked its row, or a trigger kept it.`
}

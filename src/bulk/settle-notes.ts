import { classifyCell } from "./cell-state"
import type { Decision } from "./decision"
import { indexState, type IndexState, UNINDEXABLE } from "./index-work"
import type { Sweep } from "./sweep"

/**
 * Notes what became of a row.
 *
 * @param written - whether its new cells were written
 */
export function noteSettled(plan: Sweep, decision: Decision, written: boolean): void {
  const { row, newCells, found, problems } = decision
  if (written) noteTurns(plan, decision)
  plan.columns.forEach(({ label }, i) => {
    const isLeft = newCells[i] !== row.cells[i] && !written && !plan.dryRun
    const problem = problems[i] ?? (isLeft ? notTaken(label) : undefined)
    if (plan.last && problem !== undefined) plan.tally.failedAt(label, row.key, problem)
    const cell = written ? newCells[i] : row.cells[i]
    const state = found[i]
    if (!plan.audit || state === undefined) return
    const settled = cell === row.cells[i] ? state : classifyCell(cell ?? null, plan.keyring)
    plan.tally.found(label, settled)
    if (settled.state === "unreadable") plan.tally.failedAt(label, row.key, unreadable(label))
  })
  noteCompanions(plan, decision, written)
}

function noteCompanions(plan: Sweep, { row, newCells, wanted }: Decision, written: boolean): void {
  plan.indexes.forEach(({ label, scheme }, i) => {
    const at = plan.columns.length + i
    const [before, after] = [row.cells[at] ?? null, newCells[at] ?? null]
    const isLeft = before !== after && !written && !plan.dryRun
    const problem = scheme.unique ? notUnique(label) : notTaken(label)
    if (plan.last && isLeft) plan.tally.failedAt(label, row.key, problem)
    const isRefused = wanted[i] === UNINDEXABLE && ["proven", "written"].includes(plan.companions)
    if (plan.last && isRefused) plan.tally.failedAt(label, row.key, unindexable(label))
    const state = indexState(written ? after : before, wanted[i])
    if (!plan.audit || state === undefined) return
    plan.tally.indexed(label, state)
    if (plan.companions === "proven" && state !== "current" && !isRefused) {
      plan.tally.failedAt(label, row.key, mismatch(label, state))
    }
  })
}

/** Notes which states the cells of a row were turned from and into. */
export function noteTurns(
  { columns, keyring, tally }: Sweep,
  { row, newCells, found }: Decision,
): void {
  columns.forEach(({ label }, i) => {
    const from = found[i]
    const cell = newCells[i] ?? null
    if (from && cell !== row.cells[i]) tally.turned(label, from, classifyCell(cell, keyring))
  })
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

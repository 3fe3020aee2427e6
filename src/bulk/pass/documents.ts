import { leafJson } from "../../column/documents/leaf-cells"
import { replaceSpans } from "../../column/documents/leaf-spans"
import type { Cell, PrimaryKey } from "../../dialect/batch"
import type { Keyring } from "../../fernet/keyring"
import type { BulkColumn } from "../bulk-target"
import {
  BARRED,
  type ClassifiedCell,
  CURRENT,
  LEGACY,
  NO_DOCUMENT,
  NULL,
  opens,
  PLAINTEXT,
  UNREADABLE,
} from "../cell-state"
import { isJson, type LeafCells, leafCellsOf } from "../leaf-cells"
import type { CellDecisions, CellJob } from "./cells"

/**
 * Decides about the cells of a column of documents, by what is decided about their leaves: a cell is in
 * the state of the leaf that asks for most, and NULL, which asks for nothing, if it has none. A document
 * with a leaf that cannot be read is left as it is.
 */
export function decideDocuments(
  job: CellJob,
  documents: readonly Cell[],
  column: BulkColumn,
  keyring: Keyring,
  primaryKeyAt: (row: number) => PrimaryKey,
): CellDecisions {
  const isText = (cell: string, row: number): boolean =>
    job.isDeclaredText?.(primaryKeyAt(row)) === true && keyring.keyIndexOf(cell) === undefined
  const leaves = leafCellsOf(column, documents, isText)
  const decided = job.decide(leaves.cells, leaves.column, keyring, (leaf) =>
    primaryKeyAt(leaves.rows[leaf] ?? 0),
  )
  const problems = new Map<number, string>()
  const fold = new Folding(documents.length, leaves)
  const changes = new Map<number, Map<number, string>>()
  for (const [leaf, row] of leaves.rows.entries()) {
    const state = decided.states[leaf] ?? UNREADABLE
    const cell = decided.newCells[leaf]
    const problem = decided.problems.get(leaf) ?? whyNoLeaf(job, column, cell)
    if (problem !== undefined && !problems.has(row)) problems.set(row, problem)
    const isChanged = typeof cell === "string" && problem === undefined
    fold.add(row, state, isChanged ? job.madeState(cell, keyring) : state)
    if (!isChanged) continue
    const ofRow = changes.get(row) ?? new Map<number, string>()
    changes.set(row, ofRow.set(leaf, leafJson(cell)))
  }
  if (job.leaves === "sealed") {
    for (const [row, { label }] of leaves.misplaced) {
      problems.set(row, misplaced(column, label))
    }
  }
  // That is what is said of one
  for (const row of problems.keys()) if (isUnreadable(fold.states[row])) problems.delete(row)
  const newCells = documents.map((document, row) => {
    const ofRow = changes.get(row)
    if (document === null || !ofRow || isUnreadable(fold.states[row])) return undefined
    const spans = [...ofRow.keys()].flatMap((leaf) => leaves.spans[leaf] ?? [])
    const json = [...ofRow.values()]
    let next = 0
    return replaceSpans(document, spans, (leaf) => json[next++] ?? leaf)
  })
  return { states: fold.states, made: fold.made, legacy: new Map(), newCells, problems }
}

/** What a token opens to may be no JSON, if another program made it. */
function whyNoLeaf(
  { leaves }: CellJob,
  { label }: BulkColumn,
  cell: Cell | undefined,
): string | undefined {
  if (leaves !== "opened" || typeof cell !== "string" || isJson(cell)) return undefined
  return `${label} is left encrypted: the plaintext of a leaf is no JSON.`
}

function misplaced({ label }: BulkColumn, path: string): string {
  return (
    `${label} holds plaintext: an array stands where ${path} has a key, and its elements hold what it ` +
    "would name. Declare the path with a * there."
  )
}

function isUnreadable(state: ClassifiedCell | undefined): boolean {
  return state?.state === "unreadable" || state === BARRED
}

/** The states of documents, by those of their leaves. */
class Folding {
  /** As they were, and as they are to be. */
  readonly states: ClassifiedCell[]
  readonly made: ClassifiedCell[]

  constructor(size: number, { broken }: LeafCells) {
    this.states = Array.from({ length: size }, (_, row) => (broken.has(row) ? NO_DOCUMENT : NULL))
    this.made = [...this.states]
  }

  add(row: number, state: ClassifiedCell, made: ClassifiedCell): void {
    this.states[row] = worse(this.states[row], state)
    this.made[row] = worse(this.made[row], made)
  }
}

function worse(one: ClassifiedCell = NULL, other: ClassifiedCell): ClassifiedCell {
  return demand(other) > demand(one) ? other : one
}

/** How much a state asks for. */
function demand(state: ClassifiedCell): number {
  if (state === NULL) return 0
  if (state === CURRENT) return 1
  if (opens(state)) return state.state === "shared" ? 2 : 3
  if (state === LEGACY) return 4
  return state === PLAINTEXT ? 5 : 6
}

/** Counts what became of the values that an application wrote beside runs. */
import { indexValue, open } from "./fernet"

/** A row as it is stored. */
export interface StoredRow {
  readonly id: unknown
  readonly ssn: string
  readonly ssn_bidx: string | null
}

/** What a table is to hold. */
export interface Expected {
  /** What the application wrote last, by the ids of the rows that are to be there. */
  readonly truth: ReadonlyMap<string, string>
  /** The keys of the runs, the first of which index values are to be made under. */
  readonly keys: readonly [string, ...string[]]
  /** All keys that were ever in use. */
  readonly everyKey: readonly string[]
  /** The context of the blind index. */
  readonly context: string
  /** What runs leave behind when they are done; `undefined` while they are not. */
  readonly done?: {
    readonly isDone: (cell: string) => boolean
    readonly companion: "none" | "right"
  }
}

/** Numbers of rows, all of which are to be 0. */
export interface Tally {
  /** Gone, or with what is no value the row ever had. */
  readonly lost: number
  /** Back after they were deleted, or with a value from before. */
  readonly resurrected: number
  /** With a token of a token. */
  readonly doubled: number
  /** Not what the command leaves. */
  readonly left: number
  /** With an index value of something else, or without one where there is to be one, or the reverse. */
  readonly wrongCompanions: number
}

/** Compares a table with what it is to hold. */
export function tallyOf(rows: readonly StoredRow[], expected: Expected): Tally {
  const { truth, done, everyKey } = expected
  const tally = { lost: 0, resurrected: 0, doubled: 0, left: 0, wrongCompanions: 0 }
  const found = new Set(rows.map(({ id }) => String(id)))
  for (const id of truth.keys()) if (!found.has(id)) tally.lost++
  for (const { id, ssn, ssn_bidx } of rows) {
    const last = truth.get(String(id))
    const value = valueIn(ssn, everyKey)
    if (value.startsWith("gAAAA")) tally.doubled++
    else if (last === undefined || (value !== last && isEarlier(value, String(id)))) {
      tally.resurrected++
    } else if (value !== last) tally.lost++
    if (done && !done.isDone(ssn)) tally.left++
    if (isWrong(ssn_bidx, value, expected)) tally.wrongCompanions++
  }
  return tally
}

function valueIn(cell: string, keys: readonly string[]): string {
  if (!cell.startsWith("gAAAA")) return cell
  const opened = keys.map((key) => open(key, cell)).find((text) => text !== undefined)
  return opened ?? "a token that no key opens"
}

function isEarlier(value: string, id: string): boolean {
  return value === `value ${id}` || value.startsWith(`value ${id}.`)
}

/** Until a run is done a row may have no index value, or one under another key. */
function isWrong(
  stored: string | null,
  value: string,
  { keys, everyKey, context, done }: Expected,
): boolean {
  if (done?.companion === "none") return stored !== null
  const right = (done ? keys.slice(0, 1) : everyKey).map((key) => indexValue(key, context, value))
  return stored === null ? done !== undefined : !right.includes(stored)
}

import type { PrimaryKey } from "../dialect/batch"
import type { ClassifiedCell, IndexState } from "./cell-state"
import type { FoundUse } from "./uses"

/** How many cells of a column are in each state. */
export interface StateCounts {
  readonly null: number
  readonly plaintext: number
  /** In a form that a reader of the column reads. */
  readonly legacy: number
  readonly current: number
  /** By the fingerprint of the key that opens them. */
  readonly stale: Readonly<Record<string, number>>
  /**
   * Under the keys that all columns share, in a column with keys of its own: under `"moving"` they are
   * read and are to be rotated, under `"only"` they are refused.
   */
  readonly shared: number
  readonly unreadable: number
}

/** How many companion cells of a blind index are in each state. NULL in its place is not counted. */
export type IndexCounts = Readonly<Record<IndexState, number>>

/** A change of a table's definition, and what it is to those who use the table. */
export interface PlannedStatement {
  readonly sql: string
  /** Whom it keeps waiting, and while what is done. */
  readonly lock: string
}

/** A cell that could not be dealt with. Never holds its content. */
export interface CellFailure {
  /** What was wrong, naming the column and not the value. */
  readonly problem: string
  readonly column: string
  /** The values of the row's primary key, as text; bytes in hexadecimal, after `0x`. */
  readonly key: readonly string[]
}

/** What a bulk run found and did. */
export interface BulkReport {
  readonly table: string
  /** Whether the whole table, or its shard, was dealt with; `false` after an abort. */
  readonly completed: boolean
  readonly dryRun: boolean
  /**
   * The part of the table that was worked on, if not all of it. Only runs of the same part keep each
   * other out: one of the whole table, or of another count of parts, does work a second time beside it.
   */
  readonly shard?: { readonly index: number; readonly count: number }
  /**
   * Rows that were looked at in the last pass over the table: every row of it, of its shard, or that
   * passes `where`, if cells are counted; else those that had something to change.
   */
  readonly rows: number
  /**
   * By column, as `Entity.property`: the cells before the run and after it. Empty unless all were
   * counted, as they are not without the audit, nor after an abort.
   */
  readonly columns: Readonly<
    Record<string, { readonly before: StateCounts; readonly after: StateCounts }>
  >
  /** By blind index, as `Entity.companion`: its cells after the run. Empty unless all were counted. */
  readonly indexes: Readonly<Record<string, IndexCounts>>
  /**
   * By column: when the oldest token under each key was made, in ISO 8601, by the key's fingerprint. Of
   * `inspectColumns` only.
   */
  readonly oldest?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Rows that were changed; in a dry run, that would have been. */
  readonly changed: number
  /** Rows that someone else wrote between reading and writing; they were read again. */
  readonly raced: number
  /** Cells that could not be dealt with. */
  readonly failed: number
  /** The first of them, at most 1,000. */
  readonly failures: readonly CellFailure[]
  /** Columns that a constraint keeps plaintext out of. */
  readonly constrained: readonly string[]
  /** What of the columns is not in the database as the model has it: their types, their CHECK. */
  readonly drift: readonly string[]
  /** What the database has on the columns besides, each with the statement that takes it away. */
  readonly uses: readonly FoundUse[]
  /** Columns that had the types back that `decryptColumns` was to give them, and were left alone. */
  readonly restored?: readonly string[]
  /** Changes of the table's definition that were made, as SQL. */
  readonly statements: readonly string[]
  /** Changes of it that a dry run would have made. */
  readonly planned?: readonly PlannedStatement[]
  /** The size of the table with its indexes, after a dry run, where the database knows it. */
  readonly bytes?: number
  readonly seconds: number
}

/** What a report says beyond what was counted. */
export type RunFacts = Pick<
  BulkReport,
  | "completed"
  | "constrained"
  | "drift"
  | "dryRun"
  | "shard"
  | "uses"
  | "restored"
  | "statements"
  | "planned"
  | "bytes"
> & {
  /** Whether an audit came to its end. */
  readonly counted: boolean
}

/** The states that are counted whatever the key. */
const STATES = ["null", "plaintext", "legacy", "current", "shared", "unreadable"] as const

/** Failures that a report lists one by one. */
const LISTED_FAILURES = 1000

class MutableCounts {
  null = 0
  plaintext = 0
  legacy = 0
  current = 0
  shared = 0
  unreadable = 0
  readonly stale: Record<string, number> = {}

  add(cell: ClassifiedCell, fingerprints: readonly string[], by: number): void {
    if (cell.state !== "stale") {
      this[cell.state] += by
      return
    }
    const fingerprint = fingerprints[(cell.keyIndex ?? 0) % fingerprints.length] ?? ""
    this.stale[fingerprint] = (this.stale[fingerprint] ?? 0) + by
  }

  copy(): MutableCounts {
    const copy = Object.assign(new MutableCounts(), this)
    return Object.assign(copy, { stale: { ...this.stale } })
  }
}

/** Counts what a run finds and does. */
export class Tally {
  /** Rows of the pass at hand. */
  rows = 0
  changed = 0
  raced = 0
  failed = 0
  readonly #failures: CellFailure[] = []
  readonly #fingerprints: readonly string[]
  readonly #after = new Map<string, MutableCounts>()
  readonly #undone = new Map<string, MutableCounts>()
  readonly #indexes = new Map<string, Record<IndexState, number>>()
  readonly #started = performance.now()

  constructor(
    columns: readonly string[],
    fingerprints: readonly string[],
    indexes: readonly string[] = [],
  ) {
    this.#fingerprints = fingerprints
    for (const column of columns) {
      this.#after.set(column, new MutableCounts())
      this.#undone.set(column, new MutableCounts())
    }
    for (const index of indexes) this.#indexes.set(index, { current: 0, missing: 0, stale: 0 })
  }

  /** Counts companion cells as they are when the run is over. */
  indexed(index: string, state: IndexState, count = 1): void {
    const counts = this.#indexes.get(index)
    if (counts) counts[state] += count
  }

  /** Counts a cell, or several alike, as they are when the run is over. */
  found(column: string, cell: ClassifiedCell, count = 1): void {
    this.#after.get(column)?.add(cell, this.#fingerprints, count)
  }

  /** Notes that the run made a cell of one state, or several, into one of another. */
  made(column: string, from: ClassifiedCell, to: ClassifiedCell, count = 1): void {
    const undone = this.#undone.get(column)
    undone?.add(from, this.#fingerprints, count)
    undone?.add(to, this.#fingerprints, -count)
  }

  /** Notes a cell that could not be dealt with. */
  failedAt(column: string, key: PrimaryKey, problem: string): void {
    this.failed++
    if (this.#failures.length < LISTED_FAILURES) {
      this.#failures.push({ column, key: primaryKeyParts(key), problem })
    }
  }

  /** Returns the cells of each column as they are. */
  counted(): Readonly<Record<string, StateCounts>> {
    return Object.fromEntries([...this.#after].map(([column, counts]) => [column, plain(counts)]))
  }

  /** Sums up. What was before is what is after, less what the run made of it. */
  report(table: string, { counted, ...run }: RunFacts): BulkReport {
    const columns = [...this.#after].map(([column, after]) => {
      const before = after.copy()
      const undone = this.#undone.get(column) ?? new MutableCounts()
      for (const state of STATES) {
        before[state] += undone[state]
      }
      for (const [fingerprint, count] of Object.entries(undone.stale)) {
        before.stale[fingerprint] = (before.stale[fingerprint] ?? 0) + count
      }
      return [column, { before: plain(before), after: plain(after) }] as const
    })
    return {
      table,
      ...run,
      rows: this.rows,
      columns: counted ? Object.fromEntries(columns) : {},
      indexes: counted ? Object.fromEntries(this.#indexes) : {},
      changed: this.changed,
      raced: this.raced,
      failed: this.failed,
      failures: this.#failures,
      seconds: (performance.now() - this.#started) / 1000,
    }
  }
}

/** Returns a text that tells keys apart. */
export function primaryKeyText(key: PrimaryKey): string {
  return JSON.stringify(primaryKeyParts(key))
}

/** Returns the values of a key as a report spells them. */
export function primaryKeyParts(key: PrimaryKey): readonly string[] {
  return key.map(partText)
}

/** Bytes, as of a binary uuid, in hexadecimal. */
function partText(part: unknown): string {
  return part instanceof Uint8Array ? `0x${Buffer.from(part).toString("hex")}` : String(part)
}

function plain(counts: MutableCounts): StateCounts {
  const { stale } = counts
  const left = Object.entries(stale).filter(([, count]) => count !== 0)
  const counted = STATES.map((state) => [state, counts[state]] as const)
  return {
    ...(Object.fromEntries(counted) as Record<(typeof STATES)[number], number>),
    stale: Object.fromEntries(left),
  }
}

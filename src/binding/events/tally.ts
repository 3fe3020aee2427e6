import { AsyncLocalStorage } from "node:async_hooks"

import type { DecryptionFailureReason } from "../../errors"
import { currentActor } from "./actor"
import { areReadsTold, channels } from "./channels"
import type {
  CellCount,
  DecryptEvent,
  DecryptFailedEvent,
  EncryptEvent,
  EventAttributes,
  EventKey,
  FailureCount,
  PlaintextCount,
  PlaintextReadEvent,
  SearchCount,
  SearchEvent,
  StatementEvent,
} from "./events"
import { NO_STATEMENT, type Statement } from "./statement"

/** Rows at most whose primary keys an event holds. */
export const FEW_ROWS = 20

/** What a cell is that is no token: plaintext, or in a legacy form with or without authentication. */
type PlaintextKind = "authenticated" | "plaintext" | "unauthenticated"

/** How a statement ended. */
export interface Ending {
  /** The rows it was about, where they are known. */
  readonly rows?: readonly EventKey[] | undefined
  /** What it failed with. */
  readonly error?: unknown
}

const tallies = new AsyncLocalStorage<Tally>()

/** What one statement did with cells, to be told when it ended. */
export class Tally {
  readonly #statement: Statement
  readonly #actor = currentActor()
  readonly #encrypted = new Map<string, number>()
  readonly #keys = new Set<string>()
  readonly #decrypted = new Map<string, number>()
  readonly #failed = new Map<string, FailureCount>()
  readonly #plaintext = new Map<string, PlaintextCount>()

  constructor(statement: Statement) {
    this.#statement = statement
  }

  /** Who the work is done for that is counted here. */
  get actor(): string | undefined {
    return this.#actor
  }

  /** Counts a value that was encrypted, under the key of a fingerprint. */
  encrypted(column: string, key: string): void {
    increment(this.#encrypted, column)
    this.#keys.add(key)
  }

  /** Counts a cell that was decrypted. */
  decrypted(column: string): void {
    increment(this.#decrypted, column)
  }

  /** Counts a cell that could not be read. */
  failed(column: string, reason: DecryptionFailureReason): void {
    const name = `${column} ${reason}`
    const cells = (this.#failed.get(name)?.cells ?? 0) + 1
    this.#failed.set(name, { column, reason, cells })
  }

  /** Counts a cell that was read though it is no token. */
  plaintext(column: string, kind: PlaintextKind): void {
    const before = this.#plaintext.get(column)
    const { plaintext, legacy, unauthenticated } = before ?? NOTHING
    this.#plaintext.set(column, {
      column,
      plaintext: plaintext + (kind === "plaintext" ? 1 : 0),
      legacy: legacy + (kind === "plaintext" ? 0 : 1),
      unauthenticated: unauthenticated + (kind === "unauthenticated" ? 1 : 0),
    })
  }

  /** Tells of all that was counted, and of the indexes that were asked. */
  tell(searched: readonly SearchCount[], { rows, error }: Ending): void {
    const few = rows && rows.length <= FEW_ROWS ? rows : undefined
    const failure = error === undefined ? undefined : nameOf(error ?? {})
    this.#tellSearch(searched, failure)
    this.#tellPlaintext(failure)
    this.#tellFailed(failure)
    // Who was given an error for a cell was given nothing else
    if (failure === undefined || this.#failed.size === 0) this.#tellDecrypted(few, failure)
    this.#tellEncrypted(few, failure)
  }

  #tellSearch(indexes: readonly SearchCount[], error: string | undefined): void {
    if (indexes.length === 0 || !channels.search.hasSubscribers) return
    const columns = indexes.flatMap((one) => one.columns)
    const values = indexes.reduce((sum, one) => sum + one.values, 0)
    const attributes = { "typeorm_fernet.index": indexes.map(({ index }) => index) }
    channels.search.publish({
      ...this.#event(columns, { ...attributes, "typeorm_fernet.values": values }, error),
      indexes,
    } satisfies SearchEvent)
  }

  #tellPlaintext(error: string | undefined): void {
    if (this.#plaintext.size === 0 || !channels.plaintextRead.hasSubscribers) return
    const columns = [...this.#plaintext.values()]
    const cells = columns.reduce((sum, { plaintext, legacy }) => sum + plaintext + legacy, 0)
    channels.plaintextRead.publish({
      ...this.#event(namesOf(columns), { "typeorm_fernet.cells": cells }, error),
      columns,
      cells,
    } satisfies PlaintextReadEvent)
  }

  #tellFailed(error: string | undefined): void {
    if (this.#failed.size === 0 || !channels.decryptFailed.hasSubscribers) return
    const failures = [...this.#failed.values()]
    const cells = sumOf(failures)
    const outcome = error === undefined ? "partial" : "failed"
    const attributes = {
      "error.type": error ?? "ERR_DECRYPTION_FAILED",
      "typeorm_fernet.cells": cells,
      "typeorm_fernet.outcome": outcome,
      "typeorm_fernet.reason": [...new Set(failures.map(({ reason }) => reason))],
    }
    channels.decryptFailed.publish({
      ...this.#event(namesOf(failures), attributes, error),
      failures,
      cells,
      outcome,
      decrypted: sumOf(countsIn(this.#decrypted)),
    } satisfies DecryptFailedEvent)
  }

  #tellDecrypted(rows: readonly EventKey[] | undefined, error: string | undefined): void {
    if (this.#decrypted.size === 0 || !channels.decrypt.hasSubscribers) return
    const columns = countsIn(this.#decrypted)
    const cells = sumOf(columns)
    channels.decrypt.publish({
      ...this.#event(namesOf(columns), { "typeorm_fernet.cells": cells }, error),
      columns,
      cells,
      rows,
    } satisfies DecryptEvent)
  }

  #tellEncrypted(rows: readonly EventKey[] | undefined, error: string | undefined): void {
    if (this.#encrypted.size === 0 || !channels.encrypt.hasSubscribers) return
    const columns = countsIn(this.#encrypted)
    const cells = sumOf(columns)
    const keys = [...this.#keys]
    const attributes = { "typeorm_fernet.cells": cells, "typeorm_fernet.key.fingerprint": keys }
    channels.encrypt.publish({
      ...this.#event(namesOf(columns), attributes, error),
      ...{ columns, cells, keys, rows },
    } satisfies EncryptEvent)
  }

  #event(
    columns: readonly string[],
    attributes: EventAttributes,
    error: string | undefined,
  ): StatementEvent {
    const { tenant, entity, attributes: known } = this.#statement
    return {
      ...{ actor: this.#actor, tenant, entity, error },
      attributes: {
        ...known,
        ...(error !== undefined && { "error.type": error }),
        "typeorm_fernet.column": [...new Set(columns)],
        ...attributes,
      },
    }
  }
}

const NOTHING = { plaintext: 0, legacy: 0, unauthenticated: 0 }

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function countsIn(counts: ReadonlyMap<string, number>): readonly CellCount[] {
  return [...counts].map(([column, cells]) => ({ column, cells }))
}

function sumOf(counts: readonly CellCount[]): number {
  return counts.reduce((sum, { cells }) => sum + cells, 0)
}

function namesOf(counts: readonly { readonly column: string }[]): readonly string[] {
  return counts.map(({ column }) => column)
}

/** Its code, or its class: a message may quote a value. */
function nameOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  if (typeof code === "string") return code
  return typeof name === "string" ? name : "Error"
}

/** Counts what work does with cells, in the tally of one statement. */
export function counting<Result>(tally: Tally, work: () => Result): Result {
  return tallies.run(tally, work)
}

/** What is counted outside of any statement, until what runs now has ended. */
let loose: Tally | undefined

/** Returns the tally of the statement that is at work. */
function currentTally(): Tally {
  return tallies.getStore() ?? looseTally()
}

function looseTally(): Tally {
  if (loose && loose.actor !== currentActor()) tellLoose()
  if (loose) return loose
  queueMicrotask(tellLoose)
  return (loose = new Tally(NO_STATEMENT))
}

function tellLoose(): void {
  const tally = loose
  loose = undefined
  tally?.tell([], {})
}

/** Counts a cell that was read though it is no token. */
export function countPlaintextRead(column: string, kind: PlaintextKind): void {
  if (channels.plaintextRead.hasSubscribers) currentTally().plaintext(column, kind)
}

/** Counts a value that a statement has encrypted; of one that is only compiled, nothing is told. */
export function countEncrypted(column: string, key: () => string): void {
  if (channels.encrypt.hasSubscribers) tallies.getStore()?.encrypted(column, key())
}

/** Counts a cell that is read for the application, by what came of it. */
export function countingRead<Result>(column: string, read: () => Result): Result {
  if (!areReadsTold()) return read()
  try {
    const value = read()
    currentTally().decrypted(column)
    return value
  } catch (error) {
    const { code, reason } = error as { code?: unknown; reason?: DecryptionFailureReason }
    if (code === "ERR_DECRYPTION_FAILED" && reason) currentTally().failed(column, reason)
    throw error
  }
}

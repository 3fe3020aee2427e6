import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"

import type { DataSource, Repository } from "typeorm"

import type { Anchor } from "./anchor.ts"
import { AuditEntry, type AuditRecord } from "./audit-entry.ts"
import { isSameMac, macOf } from "./chain.ts"

/** Options of an {@link AuditLog}. */
export interface AuditLogOptions {
  /** A DataSource of its own: entries are to stay where the application rolls back. */
  readonly dataSource: DataSource
  /** 32 random bytes that the database does not have. */
  readonly key: Buffer
  readonly anchor: Anchor
  // #region full
  /**
   * What `admit()` does while the queue is full. `"drop"` lets work go on, and counts what is not recorded;
   * `"block"` waits for room; `"fail"` refuses the work. Defaults to `"fail"`: no record, no work.
   */
  readonly whenFull?: "block" | "drop" | "fail"
  /** Entries that wait for the database at most. Defaults to 10,000. */
  readonly capacity?: number
  // #endregion
  /** Entries that are written by one statement. Defaults to 200. */
  readonly batchSize?: number
  /** Milliseconds after which a batch is tried again that could not be written. Defaults to 1,000. */
  readonly retryAfter?: number
  /** Milliseconds after which who waits for an entry is told that it is not written. Defaults to 5,000. */
  readonly timeout?: number
  /** Is told what keeps entries from being written. */
  readonly onError?: (error: unknown) => void
}

/** An entry could not be recorded. */
export class NotRecorded extends Error {
  override readonly name = "NotRecorded"
}

/** An entry that waits, without its place in the chain, which it has once it is written. */
interface Waiting extends AuditRecord {
  readonly at: string
  readonly written?: () => void
}

/**
 * Records events in a table, in batches and in the order they came in, each signed together with the one
 * before it. There is one chain for each process, so that none waits for another.
 */
export class AuditLog {
  readonly writer: string = randomUUID()
  readonly #entries: Repository<AuditEntry>
  readonly #options: Required<AuditLogOptions>
  readonly #queue: Waiting[] = []
  readonly #stop = new AbortController()
  #sequence = 0
  #mac = ""
  #dropped = 0
  #running: Promise<void> | undefined
  #roomed: (() => void)[] = []

  constructor(options: AuditLogOptions) {
    this.#options = {
      whenFull: "fail",
      capacity: 10_000,
      batchSize: 200,
      retryAfter: 1000,
      timeout: 5000,
      onError: () => undefined,
      ...options,
    }
    this.#entries = options.dataSource.getRepository(AuditEntry)
  }

  /** Entries that wait to be written. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Whether no entry can be taken. */
  get isFull(): boolean {
    return this.#queue.length >= this.#options.capacity
  }

  /** Takes an event. It costs no time, and returns whether there was room: one that is dropped is counted. */
  record(record: AuditRecord): boolean {
    return this.#take({ ...record, at: new Date().toISOString() })
  }

  // #region admit
  /**
   * Asked before work begins whose events are to be recorded, as by a middleware: events are told of what
   * was done, and whoever tells them cannot be made to wait.
   *
   * @throws {@link NotRecorded} while the queue is full, under `whenFull: "fail"`
   */
  async admit(): Promise<void> {
    const { whenFull } = this.#options
    if (whenFull === "drop") return
    if (whenFull === "fail" && this.isFull) throw new NotRecorded("The audit log is full.")
    while (this.isFull) await new Promise<void>((resolve) => this.#roomed.push(resolve))
  }
  // #endregion

  // #region before
  /**
   * Records what is about to be done, and resolves once it is in the table: no record, no value.
   *
   * @throws {@link NotRecorded} if it is not written in time; it may be later
   */
  async recordBefore(record: AuditRecord): Promise<void> {
    const timeout = new AbortController()
    const late = sleep(this.#options.timeout, undefined, { signal: timeout.signal }).then(() => {
      throw new NotRecorded("The audit log was not written in time.")
    })
    const written = new Promise<void>((resolve, reject) => {
      const taken = this.#take({ ...record, at: new Date().toISOString(), written: resolve })
      if (!taken) reject(new NotRecorded("The audit log is full."))
    })
    try {
      await Promise.race([written, late])
    } finally {
      late.catch(() => undefined)
      timeout.abort()
    }
  }
  // #endregion

  /** Resolves once nothing waits, or the time is over. Returns how many entries were left. */
  async close(milliseconds = 5000): Promise<number> {
    const timeout = sleep(milliseconds, undefined, { signal: this.#stop.signal })
    await Promise.race([this.#running, timeout.catch(() => undefined)])
    this.#stop.abort()
    await this.#running
    return this.#queue.length
  }

  #take(waiting: Waiting): boolean {
    const isTaken = !this.isFull
    if (isTaken) this.#queue.push(waiting)
    else this.#dropped++
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined
    })
    return isTaken
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
      const batch = this.#queue.slice(0, this.#options.batchSize)
      const dropped = this.#dropped
      if (dropped > 0) batch.push(droppedEntry(dropped))
      try {
        await this.#writeBatch(batch)
      } catch (error) {
        this.#options.onError(error)
        await this.#pause()
        continue
      }
      this.#queue.splice(0, batch.length - (dropped > 0 ? 1 : 0))
      this.#dropped -= dropped
      for (const { written } of batch) written?.()
      for (const admit of this.#roomed.splice(0)) admit()
    }
  }

  /** The chain goes on from here only when the batch is in the table. */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const entries: AuditEntry[] = []
    let [sequence, previous] = [this.#sequence, this.#mac]
    for (const waiting of batch) {
      const entry = this.#linked(waiting, ++sequence, previous)
      entries.push(entry)
      previous = entry.mac
    }
    try {
      await this.#entries.insert(entries)
    } catch (error) {
      // The connection may have been lost after the commit
      if (!(await this.#isWritten(sequence, previous))) throw error
    }
    this.#sequence = sequence
    this.#mac = previous
    const head = { writer: this.writer, sequence, mac: previous }
    await this.#options.anchor.put(head).catch(this.#options.onError)
  }

  async #isWritten(sequence: number, mac: string): Promise<boolean> {
    const { writer } = this
    const found = await this.#entries.findOneBy({ writer, sequence }).catch(() => null)
    return found !== null && isSameMac(found.mac, mac)
  }

  #linked(waiting: Waiting, sequence: number, previous: string): AuditEntry {
    const { at, event, actor = null, tenant = null, entity = null, details } = waiting
    const entry = { writer: this.writer, sequence, at, event, actor, tenant, entity, previous }
    const signed = { ...entry, details: JSON.stringify(details, textOfBigInt) }
    return { ...signed, mac: macOf(this.#options.key, signed) }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#stop
    await sleep(this.#options.retryAfter, undefined, { signal }).catch(() => undefined)
  }
}

/** What was not recorded is on record itself. */
function droppedEntry(dropped: number): Waiting {
  return { at: new Date().toISOString(), event: "dropped", details: { dropped } }
}

/** A primary key may be one. */
function textOfBigInt(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value
}

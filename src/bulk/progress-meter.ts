import type { BulkProgress } from "./options"
import type { Tally } from "./report"

/** Tells a listener how far a phase of a run is. */
export class ProgressMeter {
  readonly #table: string
  readonly #phase: BulkProgress["phase"]
  readonly #total: number
  readonly #tally: Tally
  readonly #listener: ((progress: BulkProgress) => void) | undefined
  readonly #started = performance.now()
  #done = 0

  constructor(
    table: string,
    phase: BulkProgress["phase"],
    total: number,
    tally: Tally,
    listener: ((progress: BulkProgress) => void) | undefined,
  ) {
    this.#table = table
    this.#phase = phase
    this.#total = total
    this.#tally = tally
    this.#listener = listener
  }

  /** Notes that so many more rows were dealt with. */
  advance(rows: number): void {
    this.#done += rows
    const seconds = (performance.now() - this.#started) / 1000
    const ratePerSecond = this.#done / Math.max(seconds, Number.EPSILON)
    this.#listener?.({
      table: this.#table,
      phase: this.#phase,
      done: this.#done,
      // Rows may have been added since they were counted
      total: Math.max(this.#total, this.#done),
      changed: this.#tally.changed,
      raced: this.#tally.raced,
      failed: this.#tally.failed,
      ratePerSecond,
      etaSeconds: Math.max(0, this.#total - this.#done) / ratePerSecond,
    })
  }
}

import { fitsType } from "../../dialect/conversions/fits-type"
import type { Session } from "../../dialect/session"
import type { BulkColumn } from "../bulk-target"
import { classifyCell, classifyCells, opens, PLAINTEXT } from "../cell-state"
import { type CellJob, openedTexts } from "./cells"

/**
 * Looks whether what tokens open to, and what is in plaintext, fits into types: those that are known
 * here cell by cell, and else what the database makes of a batch.
 */
export class Fitting {
  readonly job: CellJob
  readonly #problems = new Map<string, string>()
  readonly #types: Readonly<Record<string, string>>
  readonly #texts = new Map<BulkColumn, string[]>()

  /** @param types - by the columns' names in the database */
  constructor(types: Readonly<Record<string, string>>) {
    this.#types = types
    this.job = { decide: (...given) => this.#decide(...given), madeState: classifyCell }
  }

  /** Why some values of columns do not fit. */
  get problems(): readonly string[] {
    return [...this.#problems.values()]
  }

  readonly #decide: CellJob["decide"] = (cells, column, keyring) => {
    const { states, legacy } = classifyCells(cells, column, keyring)
    const problems = new Map<number, string>()
    const type = this.#types[column.name]
    if (type === undefined) return { states, legacy, newCells: [], problems }
    const fits = fitsType(type)
    const others: string[] = []
    const texts = openedTexts(cells, states, keyring, column.padding)
    for (const [row, cell] of cells.entries()) {
      const isToken = cell !== null && opens(states[row] ?? PLAINTEXT)
      if (cell === null || (states[row] !== PLAINTEXT && !isToken)) continue
      const text = isToken ? texts.get(row) : cell
      if (text === undefined || fits?.(text) === false) {
        problems.set(row, `${column.label} does not fit into ${type}.`)
      } else if (!fits) {
        others.push(text)
      }
    }
    this.#note(column, others)
    return { states, legacy, newCells: [], problems }
  }

  /** Has the database look at what was read since. If that fails it is to be asked again. */
  async ask({ connection, schema }: Session, inTransaction: boolean): Promise<void> {
    for (const column of [...this.#texts.keys()]) {
      const { name, label, timeZone } = column
      const texts = this.#texts.get(column) ?? []
      this.#texts.delete(column)
      if (texts.length === 0 || this.#problems.has(label)) continue
      const target = { name, label, timeZone, type: this.#types[name] ?? "" }
      try {
        const problem = await schema.whyUnfit({ connection, inTransaction }, target, texts)
        if (problem !== undefined) this.#problems.set(label, problem)
      } catch (error) {
        this.#note(column, texts)
        throw error
      }
    }
  }

  #note(column: BulkColumn, texts: readonly string[]): void {
    this.#texts.set(column, [...(this.#texts.get(column) ?? []), ...texts])
  }
}

/** A row of a result, by the aliases of its columns. */
export type FetchedRow = Readonly<Record<string, unknown>>

/** The rows that a DataSource fetched last, to become entities. Does not keep them alive. */
export class FetchedRows {
  #rows: WeakRef<readonly FetchedRow[]> | undefined
  #fetches = 0

  /** Rows, unless they are gone. */
  get rows(): readonly FetchedRow[] | undefined {
    return this.#rows?.deref()
  }

  /** How often rows were fetched: tells one result from the next. */
  get fetches(): number {
    return this.#fetches
  }

  /** Takes note of the rows of the next result. */
  note(rows: readonly FetchedRow[]): void {
    this.#rows = new WeakRef(rows)
    this.#fetches++
  }
}

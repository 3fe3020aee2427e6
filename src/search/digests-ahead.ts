type Values = readonly unknown[]

/**
 * Index values of rows that a statement is about to write, made together, which is faster. It is a
 * guess that they are asked for in this order, and nothing depends on it: each is given out for the very
 * values it was made of, and the first that are others end it.
 */
export class DigestsAhead<Owner extends object> {
  #owner: Owner | undefined
  #rows: readonly Values[] = []
  #digests: readonly string[] = []
  #next = 0

  /** Takes index values in, and the rows that they are of. @param owner - whose they are */
  begin(owner: Owner, rows: readonly Values[], digests: readonly string[]): void {
    this.#owner = owner
    this.#rows = rows
    this.#digests = digests
    this.#next = 0
  }

  /**
   * Returns the index value of a row if it was made ahead, and for the same owner.
   *
   * @param ownerOf - returns whose it is to be, and is asked only if something was made ahead
   */
  take(ownerOf: () => Owner, values: Values): string | undefined {
    if (this.#owner === undefined) return undefined
    const row = this.#rows[this.#next]
    const isNext =
      row?.every((value, i) => Object.is(value, values[i])) && this.#owner === ownerOf()
    if (!isNext) {
      this.forget()
      return undefined
    }
    const digest = this.#digests[this.#next++]
    if (this.#next === this.#digests.length) this.forget()
    return digest
  }

  /** Keeps no value longer than it may be asked for. */
  forget(): void {
    this.#owner = undefined
    this.#rows = []
    this.#digests = []
    this.#next = 0
  }
}

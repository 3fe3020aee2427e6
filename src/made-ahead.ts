/**
 * What was made of values ahead of being asked for, together, which is faster. That it is asked for in this
 * order is a guess, and nothing depends on it: each is given out for the very value it was made of, and the
 * first that is another one ends it.
 */
export class MadeAhead<Owner extends object, Value, Made> {
  #owner: Owner | undefined
  #values: readonly Value[] = []
  #made: readonly Made[] = []
  #next = 0

  /** Takes in what was made, and of which values. @param owner - whose it is */
  begin(owner: Owner, values: readonly Value[], made: readonly Made[]): void {
    this.#owner = made.length > 0 ? owner : undefined
    this.#values = values
    this.#made = made
    this.#next = 0
  }

  /**
   * Returns what was made of a value if it is the next one, and for the same owner.
   *
   * @param ownerOf - returns whose it is to be, and is asked only if something was made ahead
   * @param isIt - says whether a value is the one that is asked for
   */
  take(ownerOf: () => Owner, isIt: (value: Value | undefined) => boolean): Made | undefined {
    if (this.#owner === undefined) return undefined
    if (!isIt(this.#values[this.#next]) || this.#owner !== ownerOf()) {
      this.forget()
      return undefined
    }
    const made = this.#made[this.#next++]
    if (this.#next === this.#made.length) this.forget()
    return made
  }

  /** Keeps no value longer than it may be asked for. */
  forget(): void {
    this.#owner = undefined
    this.#values = []
    this.#made = []
    this.#next = 0
  }
}

import type { BoundKeys } from "../keys/bound-keys"

/** What the columns of one DataSource keep in plaintext, to be wiped at once. */
export class KeptPlaintexts {
  #wipes: (() => void)[] = []
  #unwatch: (() => void) | undefined

  /** Begins anew, for keys that were fetched, and wipes whenever they are fetched again or given up. */
  begin(keys: BoundKeys): void {
    this.end()
    this.#unwatch = keys.watch?.(() => {
      this.#wipe()
    })
  }

  /** Takes note of what wipes the plaintexts of a column. */
  add(wipe: () => void): void {
    this.#wipes.push(wipe)
  }

  /** Wipes them for good. */
  end(): void {
    this.#wipe()
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#wipes = []
  }

  #wipe(): void {
    for (const wipe of this.#wipes) wipe()
  }
}

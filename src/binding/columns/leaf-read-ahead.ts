import { LIMITS } from "../../fernet/batch-engine/layout"
import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
import type { PlaintextsAhead } from "./read-ahead"
import type { FetchedRow } from "./fetched-rows"
import type { CellSource } from "./scattered-cells"

/** Rows below which reading ahead is not worth its while. */
const FEWEST_ROWS = 8
/** Rows whose leaves are decrypted at once at first. Each time they are twice as many. */
const FIRST_ROWS = 64

/**
 * Reads the leaves of one column's documents ahead: when the first of a result is asked for, those of
 * the rows below it are decrypted as well, some rows at a time.
 *
 * This is a guess, and nothing depends on it: what is read ahead is given out for the very token it was
 * read from, under the very ring, and a token that is not among the leaves of the next rows ends it for
 * that result.
 */
export class LeafReadAhead implements PlaintextsAhead {
  readonly #source: CellSource
  readonly #tokensIn: (cell: unknown) => readonly string[]
  #fetch = 0
  /** The alias of the column in the result; `undefined` if nothing is read ahead. */
  #alias: string | undefined
  #nextRow = 0
  #rows = FIRST_ROWS
  #ring: Keyring | undefined
  readonly #plaintexts = new Map<string, Plaintext | undefined>()

  /** @param tokensIn - returns the leaves of a document that look like tokens */
  constructor(source: CellSource, tokensIn: (cell: unknown) => readonly string[]) {
    this.#source = source
    this.#tokensIn = tokensIn
  }

  /** Returns the plaintext of a leaf's token if it could be read ahead. */
  take(token: string, keyring: Keyring): Plaintext | undefined {
    if (this.#fetch !== this.#source.fetched.fetches) this.#begin(token)
    if (this.#alias === undefined) return undefined
    const isRead = this.#plaintexts.has(token) && this.#ring === keyring
    if (!isRead && !this.#readRows(token, keyring)) {
      this.#forget()
      return undefined
    }
    const plaintext = this.#plaintexts.get(token)
    // No plaintext is kept longer than it may be asked for
    this.#plaintexts.delete(token)
    return plaintext
  }

  /** Looks for the token, the first that is asked for, in the result that was fetched last. */
  #begin(token: string): void {
    this.#forget()
    this.#fetch = this.#source.fetched.fetches
    this.#rows = FIRST_ROWS
    const { rows } = this.#source.fetched
    if (!rows || rows.length < FEWEST_ROWS) return
    // Documents without leaves may come before it
    this.#nextRow = rows.slice(0, FIRST_ROWS).findIndex((row) => {
      this.#alias = Object.keys(row).find((alias) => this.#tokensIn(row[alias]).includes(token))
      return this.#alias !== undefined
    })
  }

  /** Decrypts the leaves of the next rows that are under one ring. Returns whether the token is one. */
  #readRows(token: string, keyring: Keyring): boolean {
    const { rows } = this.#source.fetched
    if (!rows) return false
    const tokens = this.#tokensBelow(rows, keyring)
    this.#plaintexts.clear()
    if (!tokens.includes(token)) return false
    this.#ring = keyring
    const plaintexts = this.#source.decrypt(keyring, tokens)
    tokens.forEach((one, i) => this.#plaintexts.set(one, plaintexts[i]))
    this.#rows *= 2
    return true
  }

  #tokensBelow(rows: readonly FetchedRow[], keyring: Keyring): readonly string[] {
    const tokens: string[] = []
    const end = this.#nextRow + this.#rows
    while (this.#nextRow < end && tokens.length < LIMITS.entries) {
      const row = rows[this.#nextRow]
      if (row === undefined || this.#source.ringOf(row) !== keyring) break
      this.#nextRow++
      tokens.push(...this.#tokensIn(row[this.#alias ?? ""]))
    }
    return tokens
  }

  #forget(): void {
    this.#alias = undefined
    this.#ring = undefined
    this.#plaintexts.clear()
  }
}

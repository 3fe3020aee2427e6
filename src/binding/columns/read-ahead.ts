import { LIMITS } from "../../fernet/batch-engine/layout"
import type { Keyring } from "../../fernet/keyring"
import type { FetchedRow, FetchedRows } from "./fetched-rows"

/** Rows below which reading ahead is not worth its while. */
const FEWEST_ROWS = 8
/** Cells that are decrypted at once at first, when the guess may be wrong. Each time they are twice as many. */
const FIRST_CHUNK = 64
/** Cells that are decrypted at once at most: what one run of the batch engine takes. */
const LARGEST_CHUNK: number = LIMITS.entries

/** What tokens of a column were read ahead to. */
export interface TextsAhead {
  /** Returns the text of a token if it could be read ahead. */
  take(token: string, keyring: Keyring): string | undefined
}

/** Makes what reads the tokens of a column ahead, given the ring of its cell in a row. */
export type ReadingAhead = (ringOf: (row: FetchedRow) => Keyring) => TextsAhead

/**
 * Reads the cells of one column ahead. TypeORM asks for one cell after another, and a call of the
 * decipher costs more than the few blocks of a short value; so when it asks for the first cell of a
 * result, those below it are decrypted as well, a chunk at a time.
 *
 * This is a guess, and nothing depends on it: what is read ahead is given out for the very token it
 * was read from, under the very ring, and the first cell that is another one ends it for that result.
 */
export class ReadAhead {
  readonly #fetched: FetchedRows
  readonly #ringOf: (row: FetchedRow) => Keyring
  #fetch = 0
  /** The alias of the column in the result; `undefined` if nothing is read ahead. */
  #alias: string | undefined
  #nextRow = 0
  #chunk = FIRST_CHUNK
  #ring: Keyring | undefined
  #tokens: readonly string[] = []
  #texts: readonly (string | undefined)[] = []
  #next = 0

  /** @param ringOf - returns the ring that the column's cell in a row is under */
  constructor(fetched: FetchedRows, ringOf: (row: FetchedRow) => Keyring) {
    this.#fetched = fetched
    this.#ringOf = ringOf
  }

  /** Returns the text of a token if it could be read ahead. */
  take(token: string, keyring: Keyring): string | undefined {
    if (this.#fetch !== this.#fetched.fetches) this.#begin(token)
    if (this.#alias === undefined) return undefined
    const isNext = this.#tokens[this.#next] === token && this.#ring === keyring
    if (!isNext && !this.#readChunk(token, keyring)) {
      this.#forget()
      return undefined
    }
    const text = this.#texts[this.#next++]
    if (this.#next === this.#tokens.length) this.#release()
    return text
  }

  /** Looks for the token, the first that is asked for, in the result that was fetched last. */
  #begin(token: string): void {
    this.#forget()
    this.#fetch = this.#fetched.fetches
    this.#chunk = FIRST_CHUNK
    const { rows } = this.#fetched
    if (!rows || rows.length < FEWEST_ROWS) return
    // NULL may come before it
    this.#nextRow = rows.slice(0, FIRST_CHUNK).findIndex((row) => {
      this.#alias = Object.keys(row).find((alias) => row[alias] === token)
      return this.#alias !== undefined
    })
  }

  /** Decrypts the next cells that are under one ring. Returns whether the token is the first of them. */
  #readChunk(token: string, keyring: Keyring): boolean {
    const rows = this.#fetched.rows
    if (!rows || this.#next < this.#tokens.length) return false
    const tokens = this.#tokensBelow(rows, keyring)
    if (tokens[0] !== token) return false
    this.#ring = keyring
    this.#tokens = tokens
    this.#texts = keyring.decryptMany(tokens)
    this.#chunk = Math.min(2 * this.#chunk, LARGEST_CHUNK)
    this.#next = 0
    return true
  }

  #tokensBelow(rows: readonly FetchedRow[], keyring: Keyring): readonly string[] {
    const tokens: string[] = []
    while (tokens.length < this.#chunk) {
      const row = rows[this.#nextRow]
      if (row === undefined || this.#ringOf(row) !== keyring) break
      this.#nextRow++
      const cell = row[this.#alias ?? ""]
      // A joined row repeats its parent's cells, which are asked for once
      if (typeof cell === "string" && cell !== tokens.at(-1)) tokens.push(cell)
    }
    return tokens
  }

  #forget(): void {
    this.#alias = undefined
    this.#release()
  }

  /** Keeps no plaintext longer than it may be asked for. */
  #release(): void {
    this.#ring = undefined
    this.#tokens = []
    this.#texts = []
    this.#next = 0
  }
}

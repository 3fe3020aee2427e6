import { LIMITS } from "../../fernet/batch-engine/layout"
import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
import type { FetchedRow } from "./fetched-rows"
import { type CellSource, ScatteredCells } from "./scattered-cells"

/** Rows below which reading ahead is not worth its while. */
const FEWEST_ROWS = 8
/** Cells that are decrypted at once at first, when the guess may be wrong. Each time they are twice as many. */
const FIRST_CHUNK = 64
/** Cells that are decrypted at once at most: what one run of the batch engine takes. */
const LARGEST_CHUNK: number = LIMITS.entries

/** What tokens of a column were read ahead to. */
export interface PlaintextsAhead {
  /** Returns the plaintext of a token if it could be read ahead. */
  take(token: string, keyring: Keyring): Plaintext | undefined
}

/** Makes what reads the tokens of a column ahead. */
export type ReadingAhead = (source: Omit<CellSource, "fetched">) => PlaintextsAhead

/**
 * Reads the cells of one column ahead. TypeORM asks for one cell after another, and a call of the
 * decipher costs more than the few blocks of a short value; so when it asks for the first cell of a
 * result, those below it are decrypted as well, a chunk at a time.
 *
 * This is a guess, and nothing depends on it: what is read ahead is given out for the very token it
 * was read from, under the very ring. From the first cell that is another one on, those of that result
 * are looked up as {@link ScatteredCells}.
 */
export class ReadAhead implements PlaintextsAhead {
  readonly #source: CellSource
  #fetch = 0
  /** The alias of the column in the result; `undefined` if nothing is read ahead. */
  #alias: string | undefined
  #nextRow = 0
  #chunk = FIRST_CHUNK
  #ring: Keyring | undefined
  #tokens: readonly string[] = []
  #plaintexts: readonly (Plaintext | undefined)[] = []
  #next = 0
  #scattered: ScatteredCells | undefined

  constructor(source: CellSource) {
    this.#source = source
  }

  /** Returns the plaintext of a token if it could be read ahead. */
  take(token: string, keyring: Keyring): Plaintext | undefined {
    if (this.#fetch !== this.#source.fetched.fetches) this.#begin(token)
    if (this.#scattered) return this.#scattered.take(token, keyring)
    if (this.#alias === undefined) return undefined
    const isNext = this.#tokens[this.#next] === token && this.#ring === keyring
    if (!isNext && !this.#readChunk(token, keyring)) {
      return this.#scatter(this.#alias, keyring).take(token, keyring)
    }
    const plaintext = this.#plaintexts[this.#next++]
    if (this.#next === this.#tokens.length) this.#release()
    return plaintext
  }

  /** Looks for the token, the first that is asked for, in the result that was fetched last. */
  #begin(token: string): void {
    this.#forget()
    this.#fetch = this.#source.fetched.fetches
    this.#chunk = FIRST_CHUNK
    const { rows } = this.#source.fetched
    if (!rows || rows.length < FEWEST_ROWS) return
    // NULL may come before it
    this.#nextRow = rows.slice(0, FIRST_CHUNK).findIndex((row) => {
      this.#alias = Object.keys(row).find((alias) => row[alias] === token)
      return this.#alias !== undefined
    })
  }

  /** Decrypts the next cells that are under one ring. Returns whether the token is the first of them. */
  #readChunk(token: string, keyring: Keyring): boolean {
    const { rows } = this.#source.fetched
    if (!rows || this.#next < this.#tokens.length) return false
    const tokens = this.#tokensBelow(rows, keyring)
    if (tokens[0] !== token) return false
    this.#ring = keyring
    this.#tokens = tokens
    this.#plaintexts = this.#source.decrypt(keyring, tokens)
    this.#chunk = Math.min(2 * this.#chunk, LARGEST_CHUNK)
    this.#next = 0
    return true
  }

  #tokensBelow(rows: readonly FetchedRow[], keyring: Keyring): readonly string[] {
    const tokens: string[] = []
    while (tokens.length < this.#chunk) {
      const row = rows[this.#nextRow]
      if (row === undefined || this.#source.ringOf(row) !== keyring) break
      this.#nextRow++
      const cell = row[this.#alias ?? ""]
      // A joined row repeats its parent's cells, which are asked for once
      if (typeof cell === "string" && cell !== tokens.at(-1)) tokens.push(cell)
    }
    return tokens
  }

  /** Goes on with the result in any order, as long as its rows are being made entities. */
  #scatter(alias: string, keyring: Keyring): ScatteredCells {
    const known = this.#tokens.map((token, i) => [token, this.#plaintexts[i]] as const)
    const scattered = new ScatteredCells(this.#source, {
      ring: this.#ring ?? keyring,
      alias,
      known,
    })
    this.#forget()
    this.#scattered = scattered
    // No plaintext is kept longer than it may be asked for, which is in one go
    queueMicrotask(() => {
      if (this.#scattered === scattered) this.#forget()
    })
    return scattered
  }

  #forget(): void {
    this.#alias = undefined
    this.#scattered = undefined
    this.#release()
  }

  /** Keeps no plaintext longer than it may be asked for. */
  #release(): void {
    this.#ring = undefined
    this.#tokens = []
    this.#plaintexts = []
    this.#next = 0
  }
}

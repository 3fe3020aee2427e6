import { LIMITS } from "../../fernet/batch-engine/layout"
import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
import type { FetchedRow, FetchedRows } from "./fetched-rows"

/** Rows in which a column is looked for under another alias. */
const ROWS_LOOKED_AT = 64

/** Decrypts many tokens; `undefined` is what cannot be read. */
export type DecryptingMany = (
  keyring: Keyring,
  tokens: readonly string[],
) => readonly (Plaintext | undefined)[]

/** What the cells of a result are read by. */
export interface CellSource {
  readonly fetched: FetchedRows
  /** Returns the ring that the column's cell in a row is under. */
  readonly ringOf: (row: FetchedRow) => Keyring
  readonly decrypt: DecryptingMany
}

/** The cells of a column under one alias, which are read down to a row. */
interface Reading {
  readonly alias: string
  nextRow: number
}

/** What is known of a result when its cells begin to be asked for in any order. */
export interface ScatteredFrom {
  readonly alias: string
  readonly ring: Keyring
  readonly known: readonly (readonly [token: string, plaintext: Plaintext | undefined])[]
}

/**
 * Reads the cells of one column ahead that are asked for in another order than their rows have, or again:
 * joined rows are grouped by their parents, what many rows are joined with is asked for with each of them,
 * and a column that is joined twice has two aliases.
 */
export class ScatteredCells {
  readonly #source: CellSource
  readonly #ring: Keyring
  readonly #readings: Reading[]
  readonly #plaintexts: Map<string, Plaintext | undefined>

  constructor(source: CellSource, { ring, alias, known }: ScatteredFrom) {
    this.#source = source
    this.#ring = ring
    this.#readings = [{ alias, nextRow: 0 }]
    this.#plaintexts = new Map(known)
  }

  /** Returns the plaintext of a token if it is among the cells. */
  take(token: string, keyring: Keyring): Plaintext | undefined {
    if (keyring !== this.#ring) return undefined
    while (!this.#plaintexts.has(token)) {
      // What is not there is not looked for again
      if (!this.#readOn(token)) this.#plaintexts.set(token, undefined)
    }
    const plaintext = this.#plaintexts.get(token)
    // The bytes that are given out are the caller's
    return typeof plaintext === "string" ? plaintext : plaintext?.slice()
  }

  /** Decrypts the next cells. Returns whether there were any rows left. */
  #readOn(token: string): boolean {
    const { rows } = this.#source.fetched
    if (!rows) return false
    this.#lookFor(token, rows)
    if (this.#readings.every(({ nextRow }) => nextRow >= rows.length)) return false
    const tokens = [...new Set(this.#readings.flatMap((one) => this.#tokensBelow(one, rows)))]
    const plaintexts = this.#source.decrypt(this.#ring, tokens)
    tokens.forEach((one, i) => this.#plaintexts.set(one, plaintexts[i]))
    return true
  }

  #lookFor(token: string, rows: readonly FetchedRow[]): void {
    for (const row of rows.slice(0, ROWS_LOOKED_AT)) {
      const alias = Object.keys(row).find((name) => row[name] === token)
      if (alias === undefined) continue
      if (!this.#readings.some((one) => one.alias === alias)) {
        this.#readings.push({ alias, nextRow: 0 })
      }
      return
    }
  }

  #tokensBelow(reading: Reading, rows: readonly FetchedRow[]): readonly string[] {
    const tokens: string[] = []
    const end = Math.min(reading.nextRow + LIMITS.entries, rows.length)
    for (const row of rows.slice(reading.nextRow, end)) {
      if (this.#source.ringOf(row) !== this.#ring) {
        reading.nextRow = rows.length
        return tokens
      }
      const cell = row[reading.alias]
      if (typeof cell === "string" && !this.#plaintexts.has(cell)) tokens.push(cell)
    }
    reading.nextRow = end
    return tokens
  }
}

import { statedTimestamp } from "../../fernet/token-format"
import { classifyCell } from "../cell-state"
import { type CellJob, inspecting } from "./cells"

/** When the oldest token under each key was made, in ISO 8601, by the key's fingerprint. */
export type OldestTokens = Readonly<Record<string, string>>

/** The latest time that a Date holds, in seconds. */
const LATEST = 8.64e12

/** Looks what cells are, and how old the tokens that open. */
export class Inspection {
  readonly job: CellJob
  readonly #oldest = new Map<string, Map<string, number>>()

  constructor() {
    this.job = { decide: (...given) => this.#decide(...given), madeState: classifyCell }
  }

  /** By column, as `Entity.property`. */
  get oldest(): Readonly<Record<string, OldestTokens>> {
    const columns = [...this.#oldest].map(([label, keys]) => {
      const dates = [...keys].map(([key, seconds]) => [key, new Date(1000 * seconds).toISOString()])
      return [label, Object.fromEntries(dates) as OldestTokens] as const
    })
    return Object.fromEntries(columns)
  }

  readonly #decide: CellJob["decide"] = (cells, column, keyring, primaryKeyAt) => {
    const decided = inspecting.decide(cells, column, keyring, primaryKeyAt)
    const { fingerprints } = keyring
    const oldest = this.#oldest.get(column.label) ?? new Map<string, number>()
    this.#oldest.set(column.label, oldest)
    for (const [row, { keyIndex }] of decided.states.entries()) {
      const cell = cells[row]
      if (keyIndex === undefined || typeof cell !== "string") continue
      const key = fingerprints[keyIndex % fingerprints.length] ?? ""
      const made = statedTimestamp(cell)
      if (made <= Math.min(oldest.get(key) ?? LATEST, LATEST)) oldest.set(key, made)
    }
    return decided
  }
}

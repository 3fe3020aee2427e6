import type { StatementError } from "../../dialect/statement-error"
import { isDuplicate } from "../../dialect/statement-error"
import { primaryKeyText } from "../report"
import type { Decision } from "./decision"

/** Why a row was left as it was, worded to follow that. Never holds a value. */
export type LeftReason = string

export const LOCKED: LeftReason = "others kept a lock on its row"
export const RACED: LeftReason = "others wrote its row again and again"
export const KEPT: LeftReason = "the database kept it, as a trigger may"

export const NOT_UTF8: LeftReason =
  "it holds bytes that are no text in UTF-8, or the database kept it, as a trigger may"

/** Says why the database refused what a row was to hold. */
export function refusalReason(error: StatementError): LeftReason {
  if (isDuplicate(error)) return "its index is unique, and another row has an equal value"
  return `the database refuses its row. ${error.message.replace(/\.$/, "")}`
}

/** The rows of a batch that the database refused, which are not written again. */
export class RefusedRows {
  readonly #reasons = new Map<string, LeftReason>()

  /** Notes some by their positions in a batch. */
  note({ batch }: Decision, refused: ReadonlyMap<number, StatementError>): void {
    for (const [row, error] of refused) {
      this.#reasons.set(primaryKeyText(batch.primaryKeyAt(row)), refusalReason(error))
    }
  }

  /** Why a row was refused; `undefined` if it was not. */
  reasonOf({ batch }: Decision, row: number): LeftReason | undefined {
    if (this.#reasons.size === 0) return undefined
    return this.#reasons.get(primaryKeyText(batch.primaryKeyAt(row)))
  }

  /** Leaves out of a decision what was refused already. */
  without(decision: Decision): Decision {
    if (this.#reasons.size === 0) return decision
    const rows = decision.rows.filter((row) => this.reasonOf(decision, row) === undefined)
    return { ...decision, rows }
  }
}

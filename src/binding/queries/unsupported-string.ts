import { UnsupportedQueryError } from "../../errors"
import { type Indexed, unanswerable } from "./indexed-property"
import type { SqlToken } from "./sql-tokens"

/** What a string says of an encrypted column. */
export interface Fragment {
  readonly tokens: readonly SqlToken[]
  /** The tokens that name the column. */
  readonly start: number
  readonly end: number
  /** What is wrong with it, if not that no index answers it. */
  readonly problem?: string | undefined
}

/** Tokens shown before and after the column. */
const BEFORE = 2
const AFTER = 4

/** Says that a string of the caller's says something of an encrypted column that cannot be answered. */
export function unsupportedString(indexed: Indexed, fragment: Fragment): UnsupportedQueryError {
  const { property } = indexed.bound
  const problem =
    fragment.problem ?? unanswerable(indexed).message.replace(`${property} is encrypted: `, "")
  return new UnsupportedQueryError(
    property,
    `${property} is encrypted, and the SQL of a query builder says of it “${formOf(fragment)}”: ` +
      `${problem.replace(/\.$/, "")}. In a string, an index answers =, <>, IN and NOT IN with parameters, ` +
      "and IS NULL works on every column.",
  )
}

/** The form of a fragment, without the texts and numbers in it. */
function formOf({ tokens, start, end }: Fragment): string {
  const from = Math.max(0, start - BEFORE)
  const shown = tokens.slice(from, end + AFTER)
  const text = shown.map((token, i) => {
    const isTight = token.start === shown[i - 1]?.end
    const isColumn = from + i >= start && from + i < end
    return (i === 0 || isTight ? "" : " ") + formOfToken(token, isColumn)
  })
  return (from > 0 ? "… " : "") + text.join("") + (end + AFTER < tokens.length ? " …" : "")
}

function formOfToken({ kind, text }: SqlToken, isColumn: boolean): string {
  // SQLite takes a name in quotes for a text if no column has it
  if (kind === "literal" || (kind === "name" && !isColumn)) return "?"
  return kind === "parameter" ? `:${text}` : text
}

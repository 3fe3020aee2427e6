import type { ConstraintState } from "./schema-dialect"

/** A constraint of a table, as the database spells it out. */
export interface FoundConstraint {
  readonly definition: string
  /** The columns it is about. */
  readonly columns: readonly string[]
  /** Whether it holds for the rows that are there. */
  readonly proven: boolean
}

/**
 * Says what a constraint that was found under a name is to the one that is wanted. A name proves
 * nothing: a column may have been renamed, or an earlier release may have had another definition.
 */
export function compareCheck(
  found: FoundConstraint | undefined,
  check: string,
  column: string,
): ConstraintState {
  if (!found) return "absent"
  if (found.columns.some((one) => one !== column)) return "taken"
  if (!sameCheck(found.definition, check)) return "outdated"
  return found.proven ? "proven" : "unproven"
}

/** Names first, since they may hold anything; whatever the dialect, an operand's order is its own. */
const PARTS =
  /"(?:[^"]|"")*"|`(?:[^`]|``)*`|(?<literal>'(?:[^']|'')*')|(?<operator>[<>]=?|=|!=)|(?<not>!|\bnot\b)|\b(?<word>and|or|\d+)\b/gi

/**
 * Whether two conditions say the same. Each database and version spells a condition its own way, with
 * casts, parentheses and functions for operators; what it compares with, and how, it keeps.
 */
export function sameCheck(one: string, other: string): boolean {
  const [first, second] = [one, other].map((check) => partsOf(check).toSorted())
  return JSON.stringify(first) === JSON.stringify(second)
}

function partsOf(check: string): readonly string[] {
  return Array.from(check.matchAll(PARTS)).flatMap(({ groups = {} }) => {
    const { literal, operator, not, word } = groups
    const part = literal ?? operator ?? (not === undefined ? word?.toLowerCase() : "not")
    return part === undefined ? [] : [part]
  })
}

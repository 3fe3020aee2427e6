import type { Case } from "./cases/case"
import { type Condition, isAboutNull, namedIndex } from "./cases/condition"
import type { Variant } from "./model/variants"

/** Where a case is done. */
export interface Circumstances {
  readonly variant: Variant
  readonly database: string
  readonly typeorm: string
}

/** Cases that are not generated, and why: each is a difference that is known, or that is no fault. */
interface Exclusion {
  readonly why: string
  readonly matches: (one: Case, on: Circumstances) => boolean
}

const exclusions: readonly Exclusion[] = [
  {
    why: "MariaDB skips no rows without a limit, which a page cut by this package does.",
    matches: ({ operations }, { database }) =>
      database === "MariaDB" &&
      operations.some(
        (one) => one.kind === "find" && one.skip !== null && !one.take && seeks(one, TRUNCATED),
      ),
  },
  {
    why: "A page of a selection without its order, which TypeORM cannot cut and this package can.",
    matches: ({ operations }) =>
      operations.some(
        (one) =>
          ((one.kind === "find" &&
            one.select !== null &&
            (one.skip !== null || one.take !== null || one.method.startsWith("findOne"))) ||
            (one.kind === "query" && typeof one.select !== "string" && one.page === "take")) &&
          seeks(one, TRUNCATED),
      ),
  },
  {
    why: "A database cannot normalize legacy plaintext by a function of the application's, as docs/blind-indexes.md says.",
    matches: (one, { variant }) =>
      variant.legacy === true && JSON.stringify(one).includes('"index":"ix_phone_tail"'),
  },
  {
    why: "MariaDB goes by another key where a row has none of those it is to be found by, and then overwrites them with nothing: in plaintext the key column, and not the property.",
    matches: ({ operations }, { database }) =>
      database === "MariaDB" &&
      operations.some(
        (one) =>
          one.kind === "persist" &&
          one.form === "upsert" &&
          one.conflict !== "id" &&
          one.rows.some((row) => !row.changes.some(({ path }) => path === one.conflict)),
      ),
  },
  {
    why: "In plaintext, one key column answers a condition: not one on two indexes, or on one and presence.",
    matches: (one, { variant }) =>
      someCondition(one, (condition) => {
        const asked = new Set(leavesOf(condition).map((leaf) => askedOf(leaf)))
        return asked.size > 1 && (variant.unindexed === true || asked.has(TAIL))
      }),
  },
]

/** Properties whose only index is truncated. */
const TRUNCATED = ["code", "motto", "topic", "detail"]

/** Whether a case looks for a value of one of some properties. */
function seeks(part: unknown, paths: readonly string[]): boolean {
  if (typeof part !== "object" || part === null) return false
  const { path, condition } = part as { readonly path?: string; readonly condition?: Condition }
  if (path !== undefined && condition && paths.includes(path) && !isAboutNull(condition))
    return true
  return Object.values(part).some((inner) => seeks(inner, paths))
}

/** The index of a property that has two, and that a condition has to name. */
const TAIL = "ix_phone_tail"

/** What a part of a condition is answered by: the cell, or an index. */
function askedOf(leaf: Condition): string {
  return isAboutNull(leaf) ? "cell" : (namedIndex(leaf) ?? "index")
}

function leavesOf(condition: Condition): readonly Condition[] {
  return "of" in condition ? [condition.of].flat().flatMap(leavesOf) : [condition]
}

/** Whether a condition on a property, anywhere in a case, is such a one. */
function someCondition(part: unknown, matches: (condition: Condition) => boolean): boolean {
  if (typeof part !== "object" || part === null) return false
  const { path, condition } = part as { readonly path?: string; readonly condition?: Condition }
  if (path !== undefined && condition) return matches(condition)
  return Object.values(part).some((inner) => someCondition(inner, matches))
}

/** Whether a case is left out. */
export function isExcluded(one: Case, on: Circumstances): boolean {
  if (process.env.DIFFERENTIAL_EXCLUDE === "nothing") return false
  return exclusions.some(({ matches }) => matches(one, on))
}

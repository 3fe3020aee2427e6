import type { Case } from "./cases/case"
import { type Condition, isAboutNull } from "./cases/condition"
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
    why: "A condition that is a string is the caller's own SQL, and not compiled.",
    matches: (one) =>
      some(one, "text", ({ comparisons }) =>
        (comparisons as readonly { path: string }[]).some(({ path }) => !plainPaths.includes(path)),
      ),
  },
  {
    why: "An operator inside Equal is taken for the condition itself.",
    matches: (one) => some(one, "equalOf"),
  },
  {
    why: "What a truncated index finds is not checked where rows are counted, or read as they are.",
    matches: ({ operations }) =>
      operations.some(
        (one) =>
          (one.kind === "find" || one.kind === "query") &&
          UNCHECKED.test(one.kind === "find" ? one.method : one.terminal) &&
          seeks(one, TRUNCATED),
      ),
  },
  {
    why: "Without the property, what a truncated index finds cannot be checked; that is said late.",
    matches: ({ operations }) =>
      operations.some(
        (one) =>
          (one.kind === "find"
            ? one.select !== null
            : one.kind === "query" && one.select !== "all") && seeks(one, TRUNCATED),
      ),
  },
  {
    why: "Under NotBrackets, an index value that is NULL is unknown where one of the members is not.",
    matches: (one) =>
      some(one, "brackets", (part) => part.negated === true && seeks(part, COMPOUND)),
  },
  {
    why: "Under NotBrackets, the index value of legacy plaintext is unknown.",
    matches: (one, { variant }) =>
      variant.legacy === true && some(one, "brackets", ({ negated }) => negated === true),
  },
  {
    why: "A page of none, which TypeORM takes for no page, is cut from what a truncated index finds.",
    matches: ({ operations }) =>
      operations.some((one) => one.kind === "find" && one.take === 0 && seeks(one, TRUNCATED)),
  },
  {
    why: "MariaDB skips no rows without a limit, which a page cut by this package does.",
    matches: ({ operations }, { database }) =>
      database === "MariaDB" &&
      operations.some(
        (one) => one.kind === "find" && one.skip !== null && !one.take && seeks(one, TRUNCATED),
      ),
  },
]

/** Properties whose only index is truncated. */
const TRUNCATED = ["code", "motto", "topic", "detail", "phone"]

/** Properties of compound indexes. */
const COMPOUND = ["firstName", "lastName", "topic", "detail"]

const UNCHECKED =
  /^(count|countBy|exists|existsBy|sum|average|minimum|maximum|getCount|getExists|getRawMany|getRawAndEntities)$/

/** Whether a case looks for a value of one of some properties. */
function seeks(part: unknown, paths: readonly string[]): boolean {
  if (typeof part !== "object" || part === null) return false
  const { path, condition } = part as { readonly path?: string; readonly condition?: Condition }
  if (path !== undefined && condition && paths.includes(path) && !isAboutNull(condition))
    return true
  return Object.values(part).some((inner) => seeks(inner, paths))
}

const plainPaths = ["id", "rank", "ward", "contact.street", "town", "size"]

/** Whether a case is left out. */
export function isExcluded(one: Case, on: Circumstances): boolean {
  if (process.env.DIFFERENTIAL_EXCLUDE === "nothing") return false
  return exclusions.some(({ matches }) => matches(one, on))
}

/** Whether a case has, at any depth, a part of a kind. */
function some(
  part: unknown,
  kind: string,
  matches: (part: Readonly<Record<string, unknown>>) => boolean = () => true,
): boolean {
  if (typeof part !== "object" || part === null) return false
  const one = part as Readonly<Record<string, unknown>>
  if (one.kind === kind && matches(one)) return true
  return Object.values(one).some((inner) => some(inner, kind, matches))
}

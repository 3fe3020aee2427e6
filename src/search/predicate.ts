import { TOKEN_HEAD } from "../fernet/token-format"

/** A condition on one property, compiled to SQL over its companion columns. */
export type Predicate =
  | { readonly kind: "matches"; readonly match: Match }
  | { readonly kind: "isNull"; readonly path: string }
  | { readonly kind: "not"; readonly of: Predicate }
  | { readonly kind: "and" | "or"; readonly of: readonly Predicate[] }

/** That a blind index has one of several values. */
export interface Match {
  /** The property path of the companion column. */
  readonly companion: string
  /** Index values, under every key. */
  readonly digests: readonly string[]
  /** For each sought value, what rows that are still in plaintext hold; empty if there are none. */
  readonly legacy: readonly (readonly LegacyCell[])[]
}

/** A cell that is still in plaintext. */
export interface LegacyCell {
  /** The property path of the encrypted column. */
  readonly path: string
  /** Any of these. */
  readonly texts: readonly string[]
  /** SQL functions applied to the cell before it is compared. */
  readonly functions: readonly string[]
  /** Whether the cell is compared byte by byte, where a collation would count others as equal. */
  readonly castsToBytes?: boolean
}

/** SQL with named parameters, as a query builder takes it. */
export interface CompiledPredicate {
  /** @param pathOf - spells a property path in the query, as in `user.email` */
  readonly toSql: (pathOf: (propertyPath: string) => string) => string
  readonly parameters: Readonly<Record<string, readonly string[]>>
}

const PARAMETER = "blind_index_"

let compiled = 0

/** Whether a parameter of a query builder is one of a compiled predicate. */
export function isBlindParameter(name: string): boolean {
  return name.startsWith(PARAMETER)
}

/**
 * Compiles a predicate. Its parameters have names of their own, so that the result can be used in
 * several queries, and several times in one.
 */
export function compilePredicate(predicate: Predicate): CompiledPredicate {
  const parameters: Record<string, readonly string[]> = {}
  const bind: Bind = (values) => {
    const name = `${PARAMETER}${++compiled}`
    parameters[name] = values
    return `(:...${name})`
  }
  const toSql = bindPredicate(predicate, bind, false)
  return { toSql, parameters }
}

type Sql = (pathOf: (propertyPath: string) => string) => string
type Bind = (values: readonly string[]) => string

/**
 * Negations are carried down to the comparisons: under `NOT`, a row that is not indexed yet would be
 * neither found nor passed over for what it holds.
 */
function bindPredicate(predicate: Predicate, bind: Bind, negated: boolean): Sql {
  const not = negated ? "NOT " : ""
  switch (predicate.kind) {
    case "isNull":
      return (pathOf) => `${pathOf(predicate.path)} IS ${not}NULL`
    case "not":
      return bindPredicate(predicate.of, bind, !negated)
    case "and":
    case "or": {
      const all = predicate.of.map((one) => bindPredicate(one, bind, negated))
      return joined((predicate.kind === "and") === negated ? " OR " : " AND ", all)
    }
    case "matches":
      return bindMatch(predicate.match, bind, not)
  }
}

function bindMatch({ companion, digests, legacy }: Match, bind: Bind, not: "NOT " | ""): Sql {
  // SQL has no empty list
  if (digests.length === 0) return () => (not === "" ? "1 = 0" : "1 = 1")
  const list = bind(digests)
  const indexed: Sql = (pathOf) => `${pathOf(companion)} ${not}IN ${list}`
  if (legacy.length === 0) return indexed
  const [eachCell, eachValue] =
    not === "" ? ([" AND ", " OR "] as const) : ([" OR ", " AND "] as const)
  const values = legacy.map((cells) =>
    joined(
      eachCell,
      cells.map((cell) => bindCell(cell, bind, not)),
    ),
  )
  // Tokens that are not indexed yet equal nothing, and differ from nothing
  const [first = []] = legacy
  const inPlaintext = first.map(
    ({ path }): Sql =>
      (pathOf) =>
        `${pathOf(path)} NOT LIKE '${TOKEN_HEAD}%'`,
  )
  const isLegacy: Sql = (pathOf) => `${pathOf(companion)} IS NULL`
  return joined(" OR ", [
    indexed,
    joined(" AND ", [isLegacy, ...inPlaintext, joined(eachValue, values)]),
  ])
}

function bindCell(
  { path, texts, functions, castsToBytes }: LegacyCell,
  bind: Bind,
  not: "NOT " | "",
): Sql {
  const list = bind(texts)
  return (pathOf) => {
    const cell = functions.reduce((sql, name) => `${name}(${sql})`, pathOf(path))
    return `${castsToBytes ? `CAST(${cell} AS BINARY)` : cell} ${not}IN ${list}`
  }
}

function joined(joint: " AND " | " OR ", all: readonly Sql[]): Sql {
  const [only, ...others] = all
  if (only && others.length === 0) return only
  return (pathOf) => `(${all.map((one) => one(pathOf)).join(joint)})`
}

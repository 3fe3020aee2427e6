import { hash, randomBytes } from "node:crypto"

import { TOKEN_HEAD } from "../fernet/token-format"

/** How a list of many texts is sent as one parameter, if a database wants that. */
export interface LongList {
  /** Returns what stands after `IN`, for a parameter by its name. */
  readonly toSql: (name: string) => string
  readonly toParameter: (texts: readonly string[]) => unknown
}

/** The longest list with a parameter for each text. */
const LONGEST_SPREAD = 1000

/**
 * A condition on encrypted properties. Compiled, it is true, false or unknown for the very rows for
 * which the same condition on plaintext columns would be, so that it may stand under any `NOT`.
 */
export type Predicate =
  | { readonly kind: "matches"; readonly match: Match }
  | { readonly kind: "isNull"; readonly path: string }
  /** That a cell is not encrypted yet, and has one of several texts. */
  | { readonly kind: "holds"; readonly cell: LegacyCell }
  /** What can be neither true nor false. */
  | { readonly kind: "unknown" }
  | { readonly kind: "not"; readonly of: Predicate }
  | { readonly kind: "and" | "or"; readonly of: readonly Predicate[] }

/** That a blind index has one of several values. */
export interface Match {
  /** The property path of the companion column. */
  readonly companion: string
  /** Index values, under every key. */
  readonly digests: readonly string[]
  /** What decides where the companion is NULL. Defaults to nothing: there it is unknown. */
  readonly otherwise?: Predicate
  /** Defaults to a parameter for each. */
  readonly longList?: LongList | undefined
}

/** A cell that may still be in plaintext. */
export interface LegacyCell {
  /** The property path of the encrypted column. */
  readonly path: string
  /** Any of these. */
  readonly texts: readonly string[]
  /** SQL functions applied to the cell before it is compared. */
  readonly functions: readonly string[]
  /** Whether the cell is compared byte by byte, where a collation would count others as equal. */
  readonly castsToBytes?: boolean
  /** Gives the SQL that a cell is to be taken for a token. Defaults to that it begins as one. */
  readonly isToken?: ((cell: string) => string) | undefined
  /** Defaults to a parameter for each text. */
  readonly longList?: LongList | undefined
}

/** Whether texts are sent as one parameter. */
export function isLong(texts: readonly string[], longList: LongList | undefined): boolean {
  return longList !== undefined && texts.length > LONGEST_SPREAD
}

/** SQL with named parameters, as a query builder takes it. */
export interface CompiledPredicate {
  /** @param pathOf - spells a property path in the query, as in `user.email` */
  readonly toSql: (pathOf: (propertyPath: string) => string) => string
  readonly parameters: Readonly<Record<string, unknown>>
}

const PARAMETER = "blind_index_"
const PLAINTEXT = `${PARAMETER}plaintext_`

/** Parameters are named after what they hold, by a hash that says nothing of it. */
const SECRET = randomBytes(32).toString("hex")

/** Whether a parameter of a query builder is one of a compiled predicate. */
export function isBlindParameter(name: string): boolean {
  return name.startsWith(PARAMETER)
}

/** Whether such a parameter holds what is sought itself, to be compared with legacy plaintext. */
export function isPlaintextParameter(name: string): boolean {
  return name.startsWith(PLAINTEXT)
}

/**
 * Compiles a predicate. Its parameters are named by what they hold, so that those of several
 * predicates never clash in one query, and that the same query is the same text each time.
 */
export function compilePredicate(predicate: Predicate): CompiledPredicate {
  const parameters: Record<string, unknown> = {}
  const bind: Bind = (values, longList, prefix = PARAMETER) => {
    const name = prefix + hash("sha256", SECRET + JSON.stringify(values), "hex").slice(0, 24)
    if (longList && isLong(values, longList)) {
      parameters[name] = longList.toParameter(values)
      return longList.toSql(name)
    }
    parameters[name] = values
    return `(:...${name})`
  }
  const toSql = bindPredicate(predicate, bind, false)
  return { toSql, parameters }
}

type Sql = (pathOf: (propertyPath: string) => string) => string
type Bind = (values: readonly string[], longList: LongList | undefined, prefix?: string) => string

/** Negations are carried down to the comparisons. */
function bindPredicate(predicate: Predicate, bind: Bind, negated: boolean): Sql {
  const not = negated ? "NOT " : ""
  switch (predicate.kind) {
    case "isNull":
      return (pathOf) => `${pathOf(predicate.path)} IS ${not}NULL`
    case "unknown":
      return () => "NULL"
    case "not":
      return bindPredicate(predicate.of, bind, !negated)
    case "and":
    case "or": {
      const all = predicate.of.map((one) => bindPredicate(one, bind, negated))
      return joined((predicate.kind === "and") === negated ? " OR " : " AND ", all)
    }
    case "holds":
      return bindCell(predicate.cell, bind, not)
    case "matches":
      return bindMatch(predicate.match, bind, negated)
  }
}

function bindMatch(
  { companion, digests, otherwise, longList }: Match,
  bind: Bind,
  negated: boolean,
): Sql {
  // SQL has no empty list
  if (digests.length === 0) return () => (negated ? "1 = 1" : "1 = 0")
  const list = bind(digests, longList)
  const indexed: Sql = (pathOf) => `${pathOf(companion)} ${negated ? "NOT " : ""}IN ${list}`
  if (!otherwise) return indexed
  return joined(" OR ", [
    // Not NULL, or what a row holds that is not indexed would be unknown for all that follows
    joined(" AND ", [(pathOf) => `${pathOf(companion)} IS NOT NULL`, indexed]),
    joined(" AND ", [
      (pathOf) => `${pathOf(companion)} IS NULL`,
      bindPredicate(otherwise, bind, negated),
    ]),
  ])
}

/** A token that is not indexed yet equals nothing, and differs from nothing. */
function bindCell(
  { path, texts, functions, castsToBytes, isToken = beginsAsToken, longList }: LegacyCell,
  bind: Bind,
  not: "NOT " | "",
): Sql {
  const list = bind(texts, longList, PLAINTEXT)
  return (pathOf) => {
    const cell = functions.reduce((sql, name) => `${name}(${sql})`, pathOf(path))
    const compared = castsToBytes ? `CAST(${cell} AS BINARY)` : cell
    return `CASE WHEN NOT ${isToken(pathOf(path))} THEN ${compared} ${not}IN ${list} END`
  }
}

function beginsAsToken(cell: string): string {
  return `(${cell} LIKE '${TOKEN_HEAD}%')`
}

function joined(joint: " AND " | " OR ", all: readonly Sql[]): Sql {
  const [only, ...others] = all
  if (only && others.length === 0) return only
  return (pathOf) => `(${all.map((one) => one(pathOf)).join(joint)})`
}

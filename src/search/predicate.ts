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
}

/** SQL with named parameters, as a query builder takes it. */
export interface CompiledPredicate {
  /** @param pathOf - spells a property path in the query, as in `user.email` */
  readonly toSql: (pathOf: (propertyPath: string) => string) => string
  readonly parameters: Readonly<Record<string, readonly string[]>>
}

let compiled = 0

/**
 * Compiles a predicate. Its parameters have names of their own, so that the result can be used in
 * several queries, and several times in one.
 */
export function compilePredicate(predicate: Predicate): CompiledPredicate {
  const parameters: Record<string, readonly string[]> = {}
  const bind = (values: readonly string[]): string => {
    const name = `blind_index_${++compiled}`
    parameters[name] = values
    return `(:...${name})`
  }
  const parts = bindPredicate(predicate, bind)
  return { toSql: parts, parameters }
}

type Sql = (pathOf: (propertyPath: string) => string) => string

function bindPredicate(predicate: Predicate, bind: (values: readonly string[]) => string): Sql {
  switch (predicate.kind) {
    case "isNull":
      return (pathOf) => `${pathOf(predicate.path)} IS NULL`
    case "not": {
      const of = bindPredicate(predicate.of, bind)
      return (pathOf) => `NOT (${of(pathOf)})`
    }
    case "and":
    case "or": {
      const all = predicate.of.map((one) => bindPredicate(one, bind))
      const joint = predicate.kind === "and" ? " AND " : " OR "
      return (pathOf) => `(${all.map((one) => one(pathOf)).join(joint)})`
    }
    case "matches":
      return bindMatch(predicate.match, bind)
  }
}

function bindMatch(match: Match, bind: (values: readonly string[]) => string): Sql {
  // SQL has no empty list
  if (match.digests.length === 0) return () => "1 = 0"
  const digests = bind(match.digests)
  const legacy = match.legacy.map((cells) =>
    cells.map(({ path, texts, functions }) => ({ path, functions, list: bind(texts) })),
  )
  return (pathOf) => {
    const companion = pathOf(match.companion)
    const indexed = `${companion} IN ${digests}`
    if (legacy.length === 0) return indexed
    const inPlaintext = legacy.map((cells) =>
      cells
        .map(({ path, functions, list }) => {
          const cell = functions.reduce((sql, name) => `${name}(${sql})`, pathOf(path))
          return `${cell} IN ${list}`
        })
        .join(" AND "),
    )
    return `(${indexed} OR (${companion} IS NULL AND (${inPlaintext.join(" OR ")})))`
  }
}

import type { DataSource, ObjectLiteral, QueryBuilder } from "typeorm"

import { isPlaintextParameter } from "../../search/predicate"

/**
 * Whether a query must stay out of the result cache, which keeps parameters in a table or in Redis:
 * where rows are still in plaintext, what is sought is among them as it is.
 */
export function isUncacheable(
  { queryResultCache, options }: DataSource,
  builder: QueryBuilder<ObjectLiteral>,
): boolean {
  if (!queryResultCache) return false
  const { cache } = builder.expressionMap
  const isAlways = typeof options.cache === "object" && options.cache.alwaysEnabled === true
  if (isAlways ? cache === false : cache !== true) return false
  // What is sought by a string is known once it is compiled
  const sql = builder.getQuery()
  return Object.keys(builder.getParameters()).some(
    (name) => isPlaintextParameter(name) && sql.includes(name),
  )
}

/** Begins to load results of a query builder past the cache; TypeORM asks for it before it waits. */
export function uncached<Result>(builder: QueryBuilder<ObjectLiteral>, load: () => Result): Result {
  const map = builder.expressionMap
  const { cache } = map
  map.cache = false
  try {
    return load()
  } finally {
    Object.assign(map, { cache })
  }
}

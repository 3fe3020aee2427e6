import type { DataSource, FindManyOptions, ObjectLiteral, QueryBuilder } from "typeorm"

import { checkFindOptions } from "./find-options"
import { checkStatement } from "./statement-rules"

type Builder = QueryBuilder<ObjectLiteral>
/** Their overloads cannot be forwarded one by one. */
type Method = (...args: unknown[]) => unknown

/** The methods of a query builder that may return another one. */
const DERIVING = [
  "clone",
  "createQueryBuilder",
  "subQuery",
  "select",
  "insert",
  "update",
  "delete",
  "softDelete",
  "restore",
  "relation",
] as const

/**
 * Guards every query builder that one DataSource makes, those derived from it, and through them
 * every repository method. A library that wraps `createQueryBuilder` later, as some do for
 * transactions, is wrapped in turn.
 */
export function guardQueryBuilders(dataSource: DataSource): void {
  const guarded = new WeakSet<object>()
  const guard =
    (create: Method): Method =>
    (...args) =>
      guardBuilder(dataSource, create.apply(dataSource, args) as Builder, guarded)
  let current = guard(dataSource.createQueryBuilder.bind(dataSource) as Method)
  Object.defineProperty(dataSource, "createQueryBuilder", {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (replacement: Method) => {
      current = guard(replacement)
    },
  })
}

function guardBuilder(dataSource: DataSource, builder: Builder, guarded: WeakSet<object>): Builder {
  if (guarded.has(builder)) return builder
  guarded.add(builder)
  const methods = builder as unknown as Record<string, Method | undefined>
  for (const name of DERIVING) {
    const derive = methods[name]
    if (!derive) continue
    methods[name] = (...args) =>
      guardBuilder(dataSource, derive.apply(builder, args) as Builder, guarded)
  }
  const getQuery = builder.getQuery.bind(builder)
  builder.getQuery = () => {
    checkStatement(dataSource, builder.expressionMap)
    return getQuery()
  }
  const setFindOptions = methods.setFindOptions?.bind(builder)
  if (setFindOptions) {
    methods.setFindOptions = (options) => {
      const alias = builder.expressionMap.mainAlias
      if (alias?.hasMetadata) checkFindOptions(alias.metadata, options as FindManyOptions)
      return setFindOptions(options)
    }
  }
  return builder
}

import type { DataSource, FindManyOptions, ObjectLiteral, QueryBuilder } from "typeorm"

import { UnsupportedQueryError } from "../errors"
import { compileConditions, type Recheck } from "./conditions"
import { checkOrder } from "./find-options"
import { redactParameters } from "./not-found"
import { recheckResults } from "./recheck"
import { checkStatement } from "./statement-rules"
import { compileWrite } from "./written-companions"

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

/** Those of them whose builder is compiled into another statement, and never executed itself. */
const NESTING: readonly string[] = ["createQueryBuilder", "subQuery"]

/**
 * Guards every query builder that one DataSource makes, those derived from it, and through them
 * every repository method. A library that wraps `createQueryBuilder` later, as some do for
 * transactions, is wrapped in turn.
 */
export function guardQueryBuilders(dataSource: DataSource): void {
  const guards = new WeakMap<object, BuilderGuard>()
  const guard =
    (create: Method): Method =>
    (...args) => {
      const builder = create.apply(dataSource, args) as Builder
      if (!guards.has(builder)) new BuilderGuard(dataSource, builder, guards)
      return builder
    }
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

/** What one query builder's methods go through. */
class BuilderGuard {
  readonly #dataSource: DataSource
  readonly #builder: Builder
  readonly #guards: WeakMap<object, BuilderGuard>
  readonly #methods: Record<string, Method | undefined>
  #nested = false
  /** What the results must be checked for. */
  #rechecks: readonly Recheck[] = []
  #checksResults = false

  constructor(dataSource: DataSource, builder: Builder, guards: WeakMap<object, BuilderGuard>) {
    this.#dataSource = dataSource
    this.#builder = builder
    this.#guards = guards
    this.#methods = builder as unknown as Record<string, Method | undefined>
    guards.set(builder, this)
    for (const name of DERIVING)
      this.#replace(name, (derive, args) => this.#derive(name, derive, args))
    for (const name of ["where", "andWhere", "orWhere"]) {
      this.#replace(name, (add, [where, ...rest]) => add(this.#compile(name, where), ...rest))
    }
    this.#replace("setFindOptions", (set, [options]) => set(this.#findOptions(options)))
    this.#replace("getOneOrFail", async (find) => {
      try {
        return await find()
      } catch (error) {
        throw redactParameters(builder.expressionMap, error)
      }
    })
    this.#replace("getQuery", (compile) => {
      checkStatement(dataSource, builder.expressionMap)
      return compileWrite(builder.expressionMap, compile as () => string)
    })
  }

  #replace(name: string, by: (original: Method, args: unknown[]) => unknown): void {
    const original = this.#methods[name]?.bind(this.#builder)
    if (original) this.#methods[name] = (...args) => by(original, args)
  }

  #derive(name: string, derive: Method, args: unknown[]): unknown {
    const builder = derive(...args) as Builder
    if (this.#guards.has(builder)) return builder
    const guard = new BuilderGuard(this.#dataSource, builder, this.#guards)
    const nests = NESTING.includes(name)
    guard.#nested = this.#nested || nests
    // All others begin with the conditions of this one
    if (!nests) guard.#require(this.#rechecks)
    return builder
  }

  #findOptions(options: unknown): unknown {
    const { mainAlias } = this.#builder.expressionMap
    if (!mainAlias?.hasMetadata || typeof options !== "object" || options === null) return options
    checkOrder(mainAlias.metadata, options as FindManyOptions)
    const { where: given } = options as FindManyOptions
    const { where, rechecks } = compileConditions(mainAlias.metadata, given)
    this.#require([...this.#rechecks, ...rechecks])
    return where === given ? options : { ...options, where }
  }

  #compile(method: string, where: unknown): unknown {
    const { mainAlias } = this.#builder.expressionMap
    // It replaces every condition there is
    if (method === "where") this.#require([])
    if (!mainAlias?.hasMetadata || !isObjectCondition(where)) {
      if (method === "orWhere") this.#refuseRechecks(this.#rechecks)
      return where
    }
    const compiled = compileConditions(mainAlias.metadata, where)
    const rechecks = [...this.#rechecks, ...compiled.rechecks]
    if (method === "orWhere") this.#refuseRechecks(rechecks)
    this.#require(rechecks)
    return compiled.where
  }

  #require(rechecks: readonly Recheck[]): void {
    this.#rechecks = rechecks
    if (rechecks.length === 0) return
    if (this.#nested || this.#builder.expressionMap.queryType !== "select") {
      this.#refuseRechecks(rechecks)
    }
    if (!this.#checksResults) recheckResults(this.#builder, () => this.#rechecks)
    this.#checksResults = true
  }

  #refuseRechecks([recheck]: readonly Recheck[]): void {
    if (!recheck) return
    const { property } = recheck.companion.index.members[0]
    throw new UnsupportedQueryError(
      property,
      `${property} has a blind index of few bits, which finds rows of other values too. It cannot ` +
        "choose the rows of an UPDATE or DELETE, of a sub-query, or stand beside orWhere(): load " +
        "the entities by it first, or use an index with all bits.",
    )
  }
}

/** Whether a condition is an object of properties, or a list of them. */
function isObjectCondition(where: unknown): boolean {
  if (typeof where !== "object" || where === null) return false
  // TypeORM's own mark of Brackets
  return Array.isArray(where) || !("@instanceof" in where)
}

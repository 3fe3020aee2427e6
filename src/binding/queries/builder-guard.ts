import type { DataSource, FindManyOptions, ObjectLiteral, QueryBuilder } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { compileConditions, type Recheck } from "./conditions"
import { checkOrder } from "./find-options"
import { type Method, MethodReplacements, type Replacement } from "../method-replacements"
import { redactParameters } from "./not-found"
import { recheckResults } from "./recheck"
import { checkStatement } from "./statement-rules"
import { compileWrite } from "../indexes/written-companions"
import { markOf } from "../typeorm-internals"

type Builder = QueryBuilder<ObjectLiteral>

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
  const guards = new Guards(dataSource)
  const guard =
    (create: Method): Method =>
    (...args) => {
      const builder = create.apply(dataSource, args) as Builder
      guards.of(builder)
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

/** A query builder that bears its guard, which a WeakMap would make the garbage collector pay for. */
type Guarded = Builder & Record<symbol, BuilderGuard | undefined>

/** The guards of the query builders of one DataSource. */
class Guards {
  readonly #guard = Symbol("typeorm-fernet.guard")
  readonly #replacements: MethodReplacements<Builder>

  constructor(dataSource: DataSource) {
    const deriving = DERIVING.map((name) => [
      name,
      (builder: Builder, derive: Method, args: unknown[]) =>
        this.of(builder).derived(name, derive(...args) as Builder),
    ])
    const adding = ["where", "andWhere", "orWhere"].map((name) => [
      name,
      (builder: Builder, add: Method, [where, ...rest]: unknown[]) =>
        add(this.of(builder).condition(name, where), ...rest),
    ])
    this.#replacements = new MethodReplacements<Builder>({
      ...(Object.fromEntries([...deriving, ...adding]) as Record<string, Replacement<Builder>>),
      setFindOptions: (builder, set, [options]) => set(this.of(builder).findOptions(options)),
      getOneOrFail: async (builder, find) => {
        try {
          return await find()
        } catch (error) {
          throw redactParameters(builder.expressionMap, error)
        }
      },
      getQuery: (builder, compile) => {
        checkStatement(dataSource, builder.expressionMap)
        return compileWrite(builder.expressionMap, compile as () => string)
      },
    })
  }

  has(builder: Builder): boolean {
    return (builder as Guarded)[this.#guard] !== undefined
  }

  /** Returns the guard of a builder, which is guarded from now on. */
  of(builder: Builder): BuilderGuard {
    const known = (builder as Guarded)[this.#guard]
    if (known) return known
    const guard = new BuilderGuard(builder, this)
    ;(builder as Guarded)[this.#guard] = guard
    this.#replacements.applyTo(builder)
    return guard
  }
}

/** What one query builder's methods go through. */
class BuilderGuard {
  readonly #builder: Builder
  readonly #guards: Guards
  #nested = false
  /** What the results must be checked for. */
  #rechecks: readonly Recheck[] = []
  #checksResults = false

  constructor(builder: Builder, guards: Guards) {
    this.#builder = builder
    this.#guards = guards
  }

  /** Guards a builder that a method of this one returned. */
  derived(name: string, builder: Builder): Builder {
    if (this.#guards.has(builder)) return builder
    const guard = this.#guards.of(builder)
    const nests = NESTING.includes(name)
    guard.#nested = this.#nested || nests
    // All others begin with the conditions of this one
    if (!nests) guard.#require(this.#rechecks)
    return builder
  }

  /** Checks find options, and compiles their conditions. */
  findOptions(options: unknown): unknown {
    const { mainAlias } = this.#builder.expressionMap
    if (!mainAlias?.hasMetadata || typeof options !== "object" || options === null) return options
    checkOrder(mainAlias.metadata, options as FindManyOptions)
    const { where: given } = options as FindManyOptions
    const { where, rechecks } = compileConditions(mainAlias.metadata, given)
    this.#require([...this.#rechecks, ...rechecks])
    return where === given ? options : { ...options, where }
  }

  /** Compiles a condition that a method adds. */
  condition(method: string, where: unknown): unknown {
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
  return Array.isArray(where) || markOf(where) === undefined
}

import type {
  DataSource,
  EntityMetadata,
  FindManyOptions,
  ObjectLiteral,
  QueryBuilder,
} from "typeorm"

import { decryptReturnedRows } from "../columns/returned-rows"
import { compileConditions, type Position, type Recheck } from "./conditions"
import { checkOrder } from "./find-options"
import { type Method, MethodReplacements, type Replacement } from "../method-replacements"
import { redactParameters } from "./not-found"
import { compileStrings } from "./compile-strings"
import { CHECKED, checkedView, type Checking, refuseAlternatives, unchecked } from "./recheck"
import { isView, viewOf } from "./builder-view"
import { refuseLater } from "./late-refusals"
import { checkStatement } from "./statement-rules"
import type { StringPolicy } from "./unanswered-strings"
import { isUncacheable, uncached } from "./uncached"
import { type Companion, companionsOf } from "../indexes/companion"
import {
  assertComplete,
  isUnlooked,
  lookIfComplete,
  mustBeComplete,
} from "../indexes/index-completeness"
import { completeCompanions } from "../indexes/late-companions"
import { compileWrite } from "../indexes/written-companions"
import { builderInternalsOf, markOf } from "../typeorm-internals"

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
export function guardQueryBuilders(dataSource: DataSource, strings: StringPolicy): void {
  const guards = new Guards(dataSource, strings)
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
  readonly dataSource: DataSource
  /** Whether there are indexes that answer only once every row has a value. */
  #legacy: boolean | undefined

  constructor(dataSource: DataSource, strings: StringPolicy) {
    this.dataSource = dataSource
    const deriving = DERIVING.map((name) => [
      name,
      (builder: Builder, derive: Method, args: unknown[]) =>
        this.of(builder).derived(name, derive(...args) as Builder),
    ])
    const adding = ["where", "andWhere", "orWhere"].map((name) => [
      name,
      (builder: Builder, add: Method, args: unknown[]) => this.of(builder).adding(name, add, args),
    ])
    const checked = CHECKED.map((method) => [
      method,
      (builder: Builder, execute: Method, args: unknown[]) => {
        const { rechecks } = this.of(builder)
        if (isView(builder)) return execute(...args)
        const checking: Checking = { dataSource, method, rechecks }
        return this.#proving(builder, () =>
          rechecks.length > 0
            ? executeChecked(builder, checking)
            : executeWhole(builder, checking, execute),
        )
      },
    ])
    const unprocessed = ["getRawMany", "stream"].map((name) => [
      name,
      (builder: Builder, execute: Method, args: unknown[]) =>
        this.#proving(builder, () => execute(...args) as Promise<unknown>),
    ])
    this.#replacements = new MethodReplacements<Builder>({
      ...(Object.fromEntries([...deriving, ...adding, ...checked, ...unprocessed]) as Record<
        string,
        Replacement<Builder>
      >),
      orUpdate: (builder, set, args) => this.of(builder).overwriting(set, args),
      setFindOptions: (builder, set, [options]) => this.of(builder).findOptions(set, options),
      getOneOrFail: async (builder, find) => {
        try {
          return await find()
        } catch (error) {
          const { sought, sql } = this.of(builder)
          throw redactParameters(builder.expressionMap, error, { sought, sql })
        }
      },
      execute: async (builder, execute) => {
        const { result, late: companions } = await this.#proving(builder, () =>
          this.of(builder).executing(execute),
        )
        const { expressionMap: map } = builder
        const { queryRunner: runner } = builderInternalsOf(builder)
        if (companions.size > 0) await completeCompanions({ dataSource, map, runner, companions })
        decryptReturnedRows(builder, result)
        return result
      },
      getQuery: (builder, compile) => {
        const guard = this.of(builder)
        const { rechecks } = guard
        if (rechecks.length > 0 && !isView(builder)) throw unchecked(rechecks, UNCHECKED)
        guard.unproven.forEach(assertComplete)
        checkStatement(dataSource, builder.expressionMap)
        const compilation = { escape: (name: string) => builder.escape(name), late: guard.late }
        return (guard.sql = compileWrite(
          builder.expressionMap,
          compilation,
          compile as () => string,
        ))
      },
      ...(dataSource.queryResultCache && {
        loadRawResults: (builder: Builder, load: Method, args: unknown[]) =>
          isUncacheable(dataSource, builder)
            ? uncached(builder, () => load(...args))
            : load(...args),
      }),
      replacePropertyNamesForTheWholeQuery: (builder, replace, [sql]) => {
        const { note } = this.of(builder)
        return replace(compileStrings({ dataSource, builder, note, strings }, sql as string))
      },
    })
  }

  /** Executes a builder when it is known whether the indexes that it asks have a value for every row. */
  #proving<Result>(builder: Builder, execute: () => Promise<Result>): Promise<Result> {
    this.#legacy ??= this.dataSource.entityMetadatas.flatMap(companionsOf).some(mustBeComplete)
    if (!this.#legacy) return execute()
    const { unproven } = this.of(builder)
    const mentioned = builder.expressionMap.aliases.flatMap((alias) =>
      alias.hasMetadata ? companionsOf(alias.metadata).filter(isUnlooked) : [],
    )
    const { queryRunner } = builderInternalsOf(builder)
    const companions = new Set([...unproven, ...mentioned])
    return lookIfComplete(this.dataSource, companions, queryRunner).then(execute)
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

const UNCHECKED =
  "be part of another statement, choose the rows of an UPDATE or DELETE, or yield raw results"

/** Each of these methods says what is wrong by a rejection. */
async function executeWhole(
  builder: Builder,
  { method, dataSource }: Checking,
  execute: Method,
): Promise<unknown> {
  const pages = method === "getRawAndEntities" || method === "getManyAndCount"
  if (pages) refuseLater(builder, method === "getManyAndCount")
  if (!isUncacheable(dataSource, builder)) return await execute()
  return await call(viewOf(builder, { cache: false }), method)
}

/** What keeps the results from being checked is a rejection, as everything else of these methods. */
async function executeChecked(builder: Builder, checking: Checking): Promise<unknown> {
  const view = checkedView(builder, checking)
  if (isUncacheable(checking.dataSource, view)) view.expressionMap.cache = false
  return await call(view, checking.method)
}

async function call(view: Builder, name: Checking["method"]): Promise<unknown> {
  const methods = view as unknown as Record<string, Method>
  return await methods[name]?.call(view)
}

/** What one query builder's methods go through. */
class BuilderGuard {
  readonly #builder: Builder
  readonly #guards: Guards
  #nested = false
  /** Whether the conditions stand under a NOT, for good, or while one is being added. */
  #negated = false
  #negating = false
  /** The guard of the Brackets that are being added, whose builder is the next one to be made. */
  #brackets: BuilderGuard | "next" | undefined
  #rechecks: readonly Recheck[] = []
  readonly #sought = new Set<unknown>()
  #late: Set<Companion> | undefined
  /** The indexes that are asked, here or inside, and that rows may be missing from. */
  #unproven = new Set<Companion>()
  /** What the builder was compiled to last. */
  sql = ""

  constructor(builder: Builder, guards: Guards) {
    this.#builder = builder
    this.#guards = guards
  }

  /** What the results must be checked for. */
  get rechecks(): readonly Recheck[] {
    return this.#rechecks
  }

  /** The indexes that are asked and that rows may be missing from. */
  get unproven(): ReadonlySet<Companion> {
    return this.#unproven
  }

  /** While the builder is executed, takes the companions that are to be completed afterwards. */
  get late(): Set<Companion> | undefined {
    return this.#late
  }

  /** Executes the builder, which may leave companions to be completed. */
  async executing(
    execute: Method,
  ): Promise<{ readonly result: unknown; readonly late: ReadonlySet<Companion> }> {
    const late = (this.#late = new Set<Companion>())
    try {
      return { result: await execute(), late }
    } finally {
      this.#late = undefined
    }
  }

  /** What was sought: index values, and the values themselves where strings were compiled. */
  get sought(): ReadonlySet<unknown> {
    return this.#sought
  }

  /** Takes note of a value that is sought. */
  readonly note = (value: unknown): void => {
    this.#sought.add(value)
  }

  /** Guards a builder that a method of this one returned. */
  derived(name: string, builder: Builder): Builder {
    const guard = this.#guards.of(builder)
    // It chooses rows of its own, of which only those count that its conditions are true of
    if (name === "subQuery") guard.#negated = false
    if (guard === this || name === "subQuery") return builder
    const nests = NESTING.includes(name)
    const isBrackets = this.#brackets === "next"
    if (isBrackets) this.#brackets = guard
    guard.#nested = this.#nested || (nests && !isBrackets)
    if (name === "createQueryBuilder") guard.#negated = this.#negated || this.#negating
    for (const digest of this.#sought) guard.#sought.add(digest)
    for (const companion of this.#unproven) guard.#unproven.add(companion)
    if (nests) guard.#unproven = this.#unproven
    // All others begin with the conditions of this one
    if (!nests) guard.#require(this.#rechecks)
    return builder
  }

  /** Sets find options whose conditions are compiled. */
  findOptions(set: (options: unknown) => unknown, options: unknown): unknown {
    const { mainAlias } = this.#builder.expressionMap
    if (!mainAlias?.hasMetadata || typeof options !== "object" || options === null) {
      return set(options)
    }
    const { where: given } = options as FindManyOptions
    const position = { inFindOptions: true, negated: this.#negated }
    const where = this.#compile(mainAlias.metadata, given, position)
    const builder = set(where === given ? options : { ...options, where })
    checkOrder(mainAlias.metadata, options as FindManyOptions)
    return builder
  }

  /** Has a method add a condition, compiled. */
  adding(method: string, add: Method, [where, ...rest]: unknown[]): unknown {
    const { mainAlias } = this.#builder.expressionMap
    // It replaces every condition there is
    if (method === "where") this.#require([])
    if (mainAlias?.hasMetadata && isObjectCondition(where)) {
      const position = { inFindOptions: false, negated: this.#negated }
      return add(this.#compile(mainAlias.metadata, where, position), ...rest)
    }
    this.#negating = isMarked(where, NOT_BRACKETS)
    this.#brackets = isMarked(where, BRACKETS) ? "next" : undefined
    try {
      const builder = add(where, ...rest)
      if (typeof this.#brackets === "object") this.#addBrackets(this.#brackets)
      return builder
    } finally {
      this.#negating = false
      this.#brackets = undefined
    }
  }

  /** What stands in Brackets is checked as if it stood without them, where there is no other choice. */
  #addBrackets(brackets: BuilderGuard): void {
    const { rechecks } = brackets
    if (rechecks.length === 0) return
    refuseAlternatives(brackets.#builder.expressionMap, this.#guards.dataSource, rechecks)
    this.#require([...this.#rechecks, ...rechecks])
  }

  /** Sets what an upsert overwrites, under a condition that is compiled. */
  overwriting(set: Method, [overwrite, conflict, given]: unknown[]): unknown {
    const { overwriteCondition, ...options } = (given ?? {}) as Overwriting
    const { where, ...rest } = overwriteCondition ?? {}
    const { mainAlias } = this.#builder.expressionMap
    if (!mainAlias?.hasMetadata || !isObjectCondition(where)) return set(overwrite, conflict, given)
    const position = { inFindOptions: false, negated: this.#negated }
    const compiled = this.#compile(mainAlias.metadata, where, position)
    const condition = { ...rest, where: compiled }
    return set(overwrite, conflict, { ...options, overwriteCondition: condition })
  }

  #compile(metadata: EntityMetadata, given: unknown, position: Position): unknown {
    const { where, rechecks, digests, unproven } = compileConditions(metadata, given, position)
    for (const companion of unproven) this.#unproven.add(companion)
    for (const digest of digests) this.#sought.add(digest)
    if (rechecks.length > 0) this.#require([...this.#rechecks, ...rechecks])
    return where
  }

  #require(rechecks: readonly Recheck[]): void {
    this.#rechecks = rechecks
    if (rechecks.length === 0) return
    if (this.#nested || this.#builder.expressionMap.queryType !== "select") {
      throw unchecked(rechecks, UNCHECKED)
    }
  }
}

/** What TypeORM is told of an upsert, of which 0.3.17 knows no condition. */
interface Overwriting {
  readonly overwriteCondition?: { readonly where?: unknown }
}

/** Whether a condition is an object of properties, or a list of them. */
function isObjectCondition(where: unknown): boolean {
  if (typeof where !== "object" || where === null) return false
  // TypeORM's own mark of Brackets
  return Array.isArray(where) || markOf(where) === undefined
}

function isMarked(where: unknown, mark: symbol): boolean {
  return typeof where === "object" && where !== null && markOf(where) === mark
}

const BRACKETS = Symbol.for("Brackets")
const NOT_BRACKETS = Symbol.for("NotBrackets")

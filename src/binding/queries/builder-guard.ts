import type {
  DataSource,
  EntityMetadata,
  FindManyOptions,
  ObjectLiteral,
  QueryBuilder,
} from "typeorm"

import type { SearchCount } from "../events/events"
import type { Companion } from "../indexes/companion"
import { assertComplete, isUnproven } from "../indexes/index-completeness"
import type { Method } from "../method-replacements"
import { markOf, selectInternalsOf } from "../typeorm-internals"
import { compileConditions, isPlain, type Position, type Recheck } from "./conditions"
import { checkOrder } from "./find-options"
import { isForUnknown, withoutCriteria } from "./not-found"
import { refuseAlternatives, unchecked } from "./recheck"

type Builder = QueryBuilder<ObjectLiteral>

/** Those of them whose builder is compiled into another statement, and never executed itself. */
const NESTING: readonly string[] = ["createQueryBuilder", "subQuery"]

/** Says of what is found by few bits that it cannot be checked. */
export const UNCHECKED =
  "be part of another statement, choose the rows of an UPDATE or DELETE, or yield raw results"

/** The guards of the query builders of one DataSource. */
export interface BuilderGuards {
  readonly dataSource: DataSource
  /** Returns the guard of a builder, which is guarded from now on. */
  of(builder: Builder): BuilderGuard
}

const NOTHING: ReadonlySet<never> = new Set()
const NONE: readonly never[] = []

/** What one query builder's methods go through. */
export class BuilderGuard {
  readonly #builder: Builder
  readonly #guards: BuilderGuards
  #nested = false
  /** Whether the conditions stand under a NOT, for good, or while one is being added. */
  #negated = false
  #negating = false
  /** The guard of the Brackets that are being added, whose builder is the next one to be made. */
  #brackets: BuilderGuard | "next" | undefined
  #rechecks: readonly Recheck[] = NONE
  #sought: Set<unknown> | undefined
  #late: Set<Companion> | undefined
  /** The indexes that are asked, here or inside, and that rows may be missing from. */
  #unproven: Set<Companion> | undefined
  /** The indexes that are asked, here or inside, each with how many values are sought. */
  #searched: Map<Companion, number> | undefined
  /** The conditions that `findOneOrFail` of an unknown entity manager was given. */
  #failing: { readonly given: unknown } | undefined
  /** What the builder was compiled to last. */
  sql = ""

  constructor(builder: Builder, guards: BuilderGuards) {
    this.#builder = builder
    this.#guards = guards
  }

  /** What the results must be checked for. */
  get rechecks(): readonly Recheck[] {
    return this.#rechecks
  }

  /** The indexes that are asked and that rows may be missing from. */
  get unproven(): ReadonlySet<Companion> {
    return this.#unproven ?? NOTHING
  }

  /** What is to be told of the indexes that are asked. */
  get searched(): readonly SearchCount[] {
    return [...(this.#searched ?? [])].map(([{ index }, values]) => ({
      index: index.name,
      columns: index.members.map(({ property }) => property),
      values,
    }))
  }

  /** Takes note of an index that is asked. It is compiled several times, and asked once. */
  noteSearched(companion: Companion, values: number): void {
    this.#searched ??= new Map()
    this.#searched.set(companion, Math.max(values, this.#searched.get(companion) ?? 0))
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
      return { result: await execute.call(this.#builder), late }
    } finally {
      this.#late = undefined
    }
  }

  /** What was sought: index values, and the values themselves where strings were compiled. */
  get sought(): ReadonlySet<unknown> {
    return this.#sought ?? NOTHING
  }

  /** Takes note of a value that is sought. */
  note(value: unknown): void {
    this.#sought ??= new Set()
    this.#sought.add(value)
  }

  /**
   * Takes note of an index that is asked by a string.
   *
   * @throws {@link UnsupportedQueryError} if rows are missing from it
   */
  ask(companion: Companion): void {
    assertComplete(companion)
    if (isUnproven(companion)) this.#doubt(companion)
  }

  #doubt(companion: Companion): void {
    this.#unproven ??= new Set()
    this.#unproven.add(companion)
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
    for (const digest of this.sought) guard.note(digest)
    if (nests) {
      guard.#unproven = this.#unproven ??= new Set()
      guard.#searched = this.#searched ??= new Map()
    } else {
      for (const companion of this.unproven) guard.#doubt(companion)
      for (const [companion, values] of this.#searched ?? []) guard.noteSearched(companion, values)
    }
    // All others begin with the conditions of this one
    if (!nests) guard.#require(this.#rechecks)
    return builder
  }

  /** Finds one entity, or says that there is none in place of who would print what was sought. */
  findingOne(find: Method): unknown {
    const failing = this.#failing
    const { mainAlias } = this.#builder.expressionMap
    if (!failing || !mainAlias?.hasMetadata) return find.call(this.#builder)
    this.#failing = undefined
    const { getOneOrFail } = selectInternalsOf(this.#builder)
    return withoutCriteria(
      () => getOneOrFail.call(this.#builder),
      mainAlias.metadata,
      failing.given,
    )
  }

  /** Sets find options whose conditions are compiled. */
  findOptions(set: Method, options: unknown): unknown {
    const { mainAlias } = this.#builder.expressionMap
    if (!mainAlias?.hasMetadata || typeof options !== "object" || options === null) {
      return set.call(this.#builder, options)
    }
    if (isPlain(mainAlias.metadata)) return set.call(this.#builder, options)
    const { where: given, take } = options as FindManyOptions
    const before = this.sought.size
    const position = { inFindOptions: true, negated: this.#negated }
    const where = this.#compile(mainAlias.metadata, given, position)
    // One is taken by who may fail; the stack costs more than the rest of this
    if (this.sought.size > before && take === 1 && isForUnknown()) this.#failing = { given }
    const builder = set.call(this.#builder, where === given ? options : { ...options, where })
    checkOrder(mainAlias.metadata, options as FindManyOptions)
    return builder
  }

  /** Has a method add a condition, compiled. */
  adding(method: string, add: Method, args: unknown[]): unknown {
    const [where, ...rest] = args
    const { mainAlias } = this.#builder.expressionMap
    // It replaces every condition there is
    if (method === "where") {
      this.#require(NONE)
      if (!this.#nested) this.#searched?.clear()
    }
    if (typeof where === "string") return add.apply(this.#builder, args)
    if (mainAlias?.hasMetadata && isObjectCondition(where)) {
      if (isPlain(mainAlias.metadata)) return add.apply(this.#builder, args)
      const position = { inFindOptions: false, negated: this.#negated }
      const compiled = this.#compile(mainAlias.metadata, where, position)
      return add.call(this.#builder, compiled, ...rest)
    }
    this.#negating = isMarked(where, NOT_BRACKETS)
    this.#brackets = isMarked(where, BRACKETS) ? "next" : undefined
    try {
      const builder = add.call(this.#builder, where, ...rest)
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
    if (!mainAlias?.hasMetadata || !isObjectCondition(where))
      return set.call(this.#builder, overwrite, conflict, given)
    const position = { inFindOptions: false, negated: this.#negated }
    const compiled = this.#compile(mainAlias.metadata, where, position)
    const condition = { ...rest, where: compiled }
    const all = { ...options, overwriteCondition: condition }
    return set.call(this.#builder, overwrite, conflict, all)
  }

  #compile(metadata: EntityMetadata, given: unknown, position: Position): unknown {
    const compiled = compileConditions(metadata, given, position)
    const { where, rechecks, digests, unproven, searched } = compiled
    for (const [companion, values] of searched) this.noteSearched(companion, values)
    for (const companion of unproven) this.#doubt(companion)
    for (const digest of digests) this.note(digest)
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

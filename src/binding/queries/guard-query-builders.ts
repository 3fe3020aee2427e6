import type { DataSource, ObjectLiteral, QueryBuilder } from "typeorm"

import { ANSWERING } from "../canary-value"
import { namesEncrypted } from "../columns/encrypted-columns"
import type { FetchedRow, FetchedRows } from "../columns/fetched-rows"
import { EncryptionError } from "../../errors"
import { decryptReturnedRows } from "../columns/returned-rows"
import { type Method, MethodReplacements, type Replacement } from "../method-replacements"
import { redactParameters } from "./not-found"
import { compileStrings } from "./compile-strings"
import { CHECKED, checkedView, type Checking, unchecked } from "./recheck"
import { BuilderGuard, type BuilderGuards, UNCHECKED } from "./builder-guard"
import { isView, viewOf } from "./builder-view"
import { refuseLater } from "./late-refusals"
import { mayMention, mayName } from "./string-hints"
import { checkStatement } from "./statement-rules"
import { readCatchingUp } from "../keys/reload-keys"
import type { StringPolicy } from "./unanswered-strings"
import { indexesToLookAt } from "./asked-indexes"
import { isUncacheable, uncached } from "./uncached"
import { areStatementsTold } from "../events/channels"
import { rowsOf } from "../events/row-keys"
import { statementOf } from "../events/statement"
import { toldStatement } from "../events/told-statement"
import type { Companion } from "../indexes/companion"
import {
  assertComplete,
  lookIfComplete,
  mustBeComplete,
  rehearse,
} from "../indexes/index-completeness"
import { atOnce, completeCompanions } from "../indexes/late-companions"
import { compileWrite, leavesCompanions } from "../indexes/written-companions"
import { builderInternalsOf } from "../typeorm-internals"

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

/**
 * Guards every query builder that one DataSource makes, those derived from it, and through them
 * every repository method. A library that assigns `createQueryBuilder` later, as some do for
 * transactions, is wrapped in turn; statements of builders that come past the guard are refused if one
 * defines it in another way.
 */
export function guardQueryBuilders(dataSource: DataSource, options: GuardOptions): void {
  const guards = new Guards(dataSource, options)
  const guard =
    (create: Method, isWrapped: boolean): Method =>
    (...args) => {
      const builder = create.apply(dataSource, args) as Builder
      guards.of(builder, isWrapped)
      return builder
    }
  const isWrapped = Object.hasOwn(dataSource, "createQueryBuilder")
  let current = guard(dataSource.createQueryBuilder.bind(dataSource) as Method, isWrapped)
  const get = (): Method => current
  Object.defineProperty(dataSource, "createQueryBuilder", {
    configurable: true,
    enumerable: true,
    get,
    set: (replacement: Method) => {
      current = guard(replacement, true)
    },
  })
  const { driver } = dataSource
  const escapeQueryWithParameters = driver.escapeQueryWithParameters.bind(driver)
  driver.escapeQueryWithParameters = (sql, ...rest) => {
    if (sql !== guards.compiled) {
      const now = Object.getOwnPropertyDescriptor(dataSource, "createQueryBuilder")
      if (now?.get !== get && mayName(dataSource, sql)) throw unguarded()
    }
    return escapeQueryWithParameters(sql, ...rest)
  }
}

function unguarded(): EncryptionError {
  return new EncryptionError(
    "ERR_COLUMN_MISUSE",
    "createQueryBuilder of the DataSource was redefined after initialize(), and a statement that names " +
      "an encrypted column comes from a query builder that is not guarded. Assign it, or define it " +
      "before initialize().",
  )
}

/** What query builders are guarded with. */
export interface GuardOptions {
  /** What is done about strings that nothing answers. */
  readonly strings: StringPolicy
  /** Takes note of what is to become entities. */
  readonly fetched: FetchedRows
}

/** A query builder that bears its guard, which a WeakMap would make the garbage collector pay for. */
type Guarded = Builder & Record<symbol, BuilderGuard | undefined>

/** The guards of the query builders of one DataSource. */
class Guards implements BuilderGuards {
  /** The statement that a guarded builder was compiled to last. */
  compiled = ""
  readonly #guard = Symbol("typeorm-fernet.guard")
  readonly #replacements: MethodReplacements<Builder>
  readonly dataSource: DataSource
  readonly #strings: StringPolicy

  constructor(dataSource: DataSource, { strings, fetched }: GuardOptions) {
    this.dataSource = dataSource
    this.#strings = strings
    const deriving = DERIVING.map((name) => [
      name,
      (builder: Builder, derive: Method, args: unknown[]) =>
        this.of(builder).derived(name, derive.apply(builder, args) as Builder),
    ])
    const adding = ["where", "andWhere", "orWhere"].map((name) => [
      name,
      (builder: Builder, add: Method, args: unknown[]) => this.of(builder).adding(name, add, args),
    ])
    const checked = CHECKED.map((method) => [
      method,
      (builder: Builder, execute: Method, args: unknown[]) => {
        const { rechecks } = this.of(builder)
        if (isView(builder)) return execute.apply(builder, args)
        const checking: Checking = { dataSource, method, rechecks }
        const read = (): Promise<unknown> =>
          rechecks.length > 0
            ? executeChecked(builder, checking)
            : executeWhole(builder, checking, execute)
        const told = (): Promise<unknown> => this.#told(builder, read)
        return this.#proving(builder, () => readCatchingUp(dataSource, told))
      },
    ])
    const unprocessed = ["getRawMany", "stream"].map((name) => [
      name,
      (builder: Builder, execute: Method, args: unknown[]) =>
        this.#proving(builder, () =>
          this.#told(builder, () => execute.apply(builder, args) as Promise<unknown>),
        ),
    ])
    this.#replacements = new MethodReplacements<Builder>({
      ...(Object.fromEntries([...deriving, ...adding, ...checked, ...unprocessed]) as Record<
        string,
        Replacement<Builder>
      >),
      orUpdate: (builder, set, args) => this.of(builder).overwriting(set, args),
      setFindOptions: (builder, set, [options]) => this.of(builder).findOptions(set, options),
      getOne: (builder, find) => this.of(builder).findingOne(find),
      getOneOrFail: async (builder, find) => {
        try {
          return await find.call(builder)
        } catch (error) {
          const { sought, sql } = this.of(builder)
          throw redactParameters(builder.expressionMap, error, { sought, sql })
        }
      },
      execute: (builder, execute) => {
        if (!namesEncrypted(builder.expressionMap) && this.#toLookAt(builder).length === 0) {
          return execute.call(builder)
        }
        return this.#told(builder, () =>
          leavesCompanions(builder.expressionMap)
            ? atOnce(dataSource, builder, () => this.#execute(builder, execute))
            : this.#execute(builder, execute),
        )
      },
      getQuery: (builder, compile) => {
        const guard = this.of(builder)
        const { rechecks } = guard
        if (rechecks.length > 0 && !isView(builder)) throw unchecked(rechecks, UNCHECKED)
        guard.unproven.forEach(assertComplete)
        checkStatement(dataSource, builder.expressionMap)
        guard.sql = compileWrite(builder, guard.late, () => compile.call(builder) as string)
        return (this.compiled = guard.sql)
      },
      loadRawResults: (builder, load, args) => {
        const begin = (): unknown => load.apply(builder, args)
        const loading = isUncacheable(dataSource, builder) ? uncached(builder, begin) : begin()
        return namesEncrypted(builder.expressionMap) ? noteRows(fetched, loading) : loading
      },
      replacePropertyNamesForTheWholeQuery: (builder, replace, [sql]) => {
        if (!mayMention(dataSource, builder.expressionMap, sql as string)) {
          return replace.call(builder, sql)
        }
        const guard = this.of(builder)
        const note = (value: unknown): void => {
          guard.note(value)
        }
        const ask = (companion: Companion, values: number): void => {
          guard.ask(companion)
          guard.noteSearched(companion, values)
        }
        const compilation = { dataSource, builder, note, ask, strings }
        const compiled = compileStrings(compilation, sql as string)
        return replace.call(builder, compiled)
      },
    })
  }

  /** Executes a write that names an encrypted column, and completes what it returns and leaves. */
  async #execute(builder: Builder, execute: Method): Promise<unknown> {
    const { dataSource } = this
    const { result, late: companions } = await this.#proving(builder, () =>
      this.of(builder).executing(execute),
    )
    const { expressionMap: map } = builder
    const { queryRunner: runner } = builderInternalsOf(builder)
    if (companions.size > 0) await completeCompanions({ dataSource, map, runner, companions })
    decryptReturnedRows(builder, result)
    return result
  }

  /** Executes a builder, and tells whoever is told of it what it did with cells. */
  #told<Result>(builder: Builder, execute: () => Promise<Result>): Promise<Result> {
    const { expressionMap: map } = builder
    if (!areStatementsTold() || !namesEncrypted(map)) return execute()
    const { dataSource } = this
    const telling = {
      statement: () => statementOf(dataSource, map),
      searched: () => this.of(builder).searched,
      rows: (result: unknown) => rowsOf(map, result),
    }
    return toldStatement(telling, execute)
  }

  /** Executes a builder when it is known whether the indexes that it asks have a value for every row. */
  #proving<Result>(builder: Builder, execute: () => Promise<Result>): Promise<Result> {
    const indexes = this.#toLookAt(builder)
    return indexes.length === 0 ? execute() : this.#prove(builder, indexes, execute)
  }

  async #prove<Result>(
    builder: Builder,
    indexes: readonly Companion[],
    execute: () => Promise<Result>,
  ): Promise<Result> {
    this.#refuse(builder, indexes)
    const { queryRunner } = builderInternalsOf(builder)
    await lookIfComplete(this.dataSource, indexes, queryRunner)
    return execute()
  }

  /** What is refused anyway is refused before anything is sent, as far as that can be told by then. */
  #refuse(builder: Builder, indexes: readonly Companion[]): void {
    const { queryType } = builder.expressionMap
    const isWrite = queryType === "insert" || queryType === "update"
    if (isWrite || this.of(builder).rechecks.length > 0 || indexes.some(mustBeComplete)) return
    // It would be told of twice, and is refused by nobody
    if (this.#strings === "warn") return
    rehearse(() => builder.getQuery())
  }

  #toLookAt(builder: Builder): readonly Companion[] {
    const { queryRunner } = builderInternalsOf(builder)
    if (queryRunner && ANSWERING.has(queryRunner)) return []
    const { expressionMap: map } = builder
    const found = indexesToLookAt(this.dataSource, map, this.of(builder).unproven)
    // What a WITH is given is compiled by itself, and executed with this one
    const within = map.commonTableExpressions.flatMap(({ queryBuilder: inner }) =>
      typeof inner === "string" ? [] : this.#toLookAt(inner as Builder),
    )
    return within.length === 0 ? found : [...new Set([...found, ...within])]
  }

  has(builder: Builder): boolean {
    return (builder as Guarded)[this.#guard] !== undefined
  }

  /**
   * Returns the guard of a builder, which is guarded from now on.
   *
   * @param isWrapped - whether it may bear methods of others
   */
  of(builder: Builder, isWrapped = false): BuilderGuard {
    const known = (builder as Guarded)[this.#guard]
    if (known) return known
    const guard = new BuilderGuard(builder, this)
    ;(builder as Guarded)[this.#guard] = guard
    this.#replacements.applyTo(builder, isWrapped)
    return guard
  }
}

async function noteRows(fetched: FetchedRows, loading: unknown): Promise<unknown> {
  const rows = await loading
  fetched.note(rows as readonly FetchedRow[])
  return rows
}

/** Each of these methods says what is wrong by a rejection. */
async function executeWhole(
  builder: Builder,
  { method, dataSource }: Checking,
  execute: Method,
): Promise<unknown> {
  const pages = method === "getRawAndEntities" || method === "getManyAndCount"
  if (pages) refuseLater(builder, method === "getManyAndCount")
  if (!isUncacheable(dataSource, builder)) return execute.call(builder)
  return call(viewOf(builder, { cache: false }), method)
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

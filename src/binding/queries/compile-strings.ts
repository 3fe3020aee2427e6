import type { DataSource, ObjectLiteral, QueryBuilder } from "typeorm"

import { driverFacts, type SqlSyntax } from "../../dialect/driver-facts"
import { compilePredicate, isPlaintextParameter, type Predicate } from "../../search/predicate"
import { tokenSought } from "../columns/cell-codec"
import type { Companion } from "../indexes/companion"
import { writesPlaintext } from "../../column/phase"
import { propertyOfOperand } from "../columns/comparison-operand"
import { builderInternalsOf, type ExpressionMap } from "../typeorm-internals"
import { indexedProperty } from "./indexed-property"
import { seek } from "./matches"
import { documentAccess, encryptedPartOf } from "./document-access"
import { type Implied, impliedIn } from "./implied-cells"
import { isFindOperator, unsupportedExpression } from "./query-rules"
import { isKeyword, isSymbol, placesOf, type SqlItem } from "./sql-scopes"
import { isCounted, isReturned, isSelected, selectedItem } from "./selected-cells"
import { withQuotedNames } from "./quoted-names"
import { type Comparison, comparisonOf, isBoundary } from "./sql-comparisons"
import { type SqlToken, tokenize } from "./sql-tokens"
import { oddNamesOf } from "./string-hints"
import { type Mention, mentionsIn, type Reading } from "./string-mentions"
import { isPassed, type StringPolicy, tellUnanswered } from "./unanswered-strings"
import { unsupportedString } from "./unsupported-string"
import {
  compareByIndex,
  COMPARED_TOKENS,
  isComparedWith,
  isUpsertComparison,
} from "./upsert-comparison"
import { becomesCell, isAssignment, isGiven, isOverwriting, isSetBefore } from "./written-cells"

/** What compiles a statement, and what it takes note of. */
export interface StringCompilation {
  readonly dataSource: DataSource
  readonly builder: QueryBuilder<ObjectLiteral>
  /** Called with every value that a string compares an encrypted column with. */
  readonly note: (value: unknown) => void
  /** Called with every index that is asked, and how many values are sought; refuses what it must. */
  readonly ask: (companion: Companion, values: number) => void
  /** What is done about strings that nothing answers. */
  readonly strings: StringPolicy
}

/**
 * Compiles what a statement that a query builder is about to send says of encrypted columns in the
 * caller's own strings. Here everything arrives: what TypeORM wrote itself is escaped, object
 * conditions name companions, and strings still name aliases and properties as the caller did.
 * Equality is answered by blind indexes, presence is left as it is, and all else is refused. Whether a
 * statement may say anything of them, `mayMention` tells in a fraction of the time.
 *
 * @throws {@link UnsupportedQueryError} naming the column and the form of what was said
 */
export function compileStrings(compilation: StringCompilation, sql: string): string {
  const { dataSource, builder } = compilation
  const map: ExpressionMap = builder.expressionMap
  const { syntax } = driverFacts(dataSource.options.type)
  const tokens = withQuotedNames(tokenize(sql, syntax, oddNamesOf(dataSource)), syntax)
  const reading: Reading = { dataSource, map, tokens, places: placesOf(tokens) }
  const mentions = mentionsIn(reading)
  const implied = impliedIn(reading)
  if (mentions.length === 0 && implied.length === 0) return sql
  const statement = new Statement(compilation, reading)
  implied.forEach((one) => {
    statement.refuse(one, sql)
  })
  return statement.compile(mentions, sql)
}

/** A part of the SQL to be replaced, by the indices of its tokens. */
interface Answer {
  readonly start: number
  readonly end: number
  readonly sql: string
}

class Statement {
  readonly #compilation: StringCompilation
  readonly #map: ExpressionMap
  readonly #tokens: readonly SqlToken[]
  readonly #reading: Reading
  readonly #syntax: SqlSyntax

  constructor(compilation: StringCompilation, reading: Reading) {
    this.#compilation = compilation
    this.#map = reading.map
    this.#tokens = reading.tokens
    this.#reading = reading
    this.#syntax = driverFacts(reading.dataSource.options.type).syntax
  }

  /** @throws {@link UnsupportedQueryError} unless what nothing answers is only to be told */
  refuse({ mention, problem }: Implied, sql: string): void {
    this.#orPass(mention, sql, () => {
      throw this.#unsupported(mention, problem)
    })
  }

  compile(mentions: readonly Mention[], sql: string): string {
    const answers = mentions.flatMap(
      (mention) => this.#orPass(mention, sql, () => this.#answer(mention, sql)) ?? [],
    )
    let [compiled, at] = ["", 0]
    for (const answer of answers) {
      const [first, last] = [this.#tokens[answer.start], this.#tokens[answer.end - 1]]
      if (!first || !last) continue
      compiled += sql.slice(at, first.start) + answer.sql
      at = last.end
    }
    return compiled + sql.slice(at)
  }

  /** What is refused stays as the caller wrote it where that is only to be told. */
  #orPass<Given>(mention: Mention, sql: string, answer: () => Given): Given | undefined {
    try {
      return answer()
    } catch (error) {
      if (!isPassed(error) || this.#compilation.strings !== "warn") throw error
      if (this.#wasRefusedBefore(mention, sql)) throw error
      this.#refuseTokens(mention)
      tellUnanswered(mention.bound.property, error)
      return undefined
    }
  }

  /** Orders, groups and aggregates by a path alone have never run, and are not to begin now. */
  #wasRefusedBefore({ start, end, place: { clause, scope } }: Mention, sql: string): boolean {
    // Nor is what a string yields ever stored for a cell
    if (clause === "target") return true
    if (AGGREGATES.some((name) => name === scope.call)) {
      const isSelection = ({ start }: SqlItem): boolean => start === scope.start - 1
      if (scope.parent?.items.select.some(isSelection)) return true
    }
    const path = sql.slice(this.#tokens[start]?.start, this.#tokens[end - 1]?.end)
    const { orderBys, groupBys, selectDistinctOn } = this.#map
    return (
      Object.hasOwn(orderBys, path) || groupBys.includes(path) || selectDistinctOn.includes(path)
    )
  }

  /** A token out of a dump never works as the value that is sought. */
  #refuseTokens({ bound }: Mention): void {
    this.#tokens.forEach((token, i) => {
      if (token.kind !== "parameter" || isGiven(this.#reading, i)) return
      const value = parameterOf(this.#compilation.builder, nameOf(token))
      for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
        this.#compilation.note(one)
        if (bound.isOwnToken(one)) throw tokenSought(bound.property)
      }
    })
  }

  /** What takes the place of a comparison; `undefined` where the column may stand as it does. */
  #answer(mention: Mention, sql: string): Answer | undefined {
    const { clause } = mention.place
    if (clause === "other" || this.#isWritten(mention)) return undefined
    if (mention.bound.paths.length > 0 && this.#isOfPlaintext(mention)) return undefined
    this.#refuseAlias(mention)
    if (this.#isPresence(mention) || this.#isOurs(mention)) return undefined
    if (isUpsertComparison(this.#tokens, mention)) return this.#difference(mention, sql)
    if (isComparedWith(this.#tokens, mention)) return undefined
    if (isCounted(this.#tokens, mention)) return undefined
    if (clause === "select" && isSelected(this.#tokens, mention)) return undefined
    if (clause === "returning" && isReturned(mention)) return undefined
    if (clause === "values")
      throw this.#unsupported(mention, "a row that is inserted has no cell yet")
    if (mention.isDerived)
      throw this.#unsupported(
        mention,
        this.#ciphertext(mention) ?? "it is the name of what a SELECT yields, so compare it there",
      )
    const comparison = comparisonOf(this.#tokens, mention, this.#begins)
    if (!comparison) throw this.#unsupported(mention)
    if (this.#syntax === "mysql" && isSetBefore(this.#reading, mention))
      throw this.#unsupported(mention, "it is compared after it was set, so set it as the last")
    const { start, end } = comparison
    return { start, end, sql: this.#compare(mention, comparison) }
  }

  /** Whether an expression may begin after a token, as it does behind the sign that a SET has. */
  readonly #begins = (before: number): boolean =>
    isBoundary(this.#tokens[before]) || isAssignment(this.#reading, before)

  /**
   * Whether a cell moves from where TypeORM bound it to the column that it was encrypted for.
   *
   * @throws {@link UnsupportedQueryError} if that column becomes something else
   */
  #isWritten(mention: Mention): boolean {
    const { clause } = mention.place
    if (clause === "set") return isOverwriting(this.#reading, mention)
    if (clause !== "target") return false
    if (!becomesCell(this.#reading, mention)) throw unsupportedExpression(mention.bound.property)
    return true
  }

  /**
   * Whether a string is about what is left in plaintext in documents, or whether something is there at all.
   *
   * @throws {@link UnsupportedQueryError} if it is about a part that is encrypted
   */
  #isOfPlaintext(mention: Mention): boolean {
    const { bound } = mention
    const valueOf = (token: SqlToken): unknown => this.#valueOf(token)
    const access = documentAccess(this.#tokens, mention, valueOf)
    if (this.#isPresence(access)) return true
    const part = encryptedPartOf(this.#tokens, access, bound.paths, valueOf)
    if (part === undefined || part === "whole") return part === undefined
    throw this.#unsupported(
      mention,
      `its documents are encrypted at ${part.label}, of which only IS NULL says something`,
    )
  }

  /** The value of a parameter; `undefined` if it is not set. */
  #valueOf(token: SqlToken): unknown {
    const value = parameterOf(this.#compilation.builder, nameOf(token))
    return value === MISSING ? undefined : value
  }

  #isPresence({ start, end }: Pick<Mention, "end" | "start">): boolean {
    const tokens = this.#tokens
    if (!isKeyword(tokens[end], "IS") || !this.#begins(start - 1)) return false
    const last = isKeyword(tokens[end + 1], "NOT") ? end + 2 : end + 1
    return isKeyword(tokens[last], "NULL")
  }

  /**
   * What a blind operator says of cells that are still in plaintext, in whatever words a database tells
   * a token and takes a list: `CASE WHEN NOT … THEN … IN (…) END`, whose one parameter no caller names.
   */
  #isOurs({ start, end }: Mention): boolean {
    const tokens = this.#tokens
    let first = start
    while (first > 0 && !isKeyword(tokens[first], "CASE", "SELECT", "END")) first--
    let last = end
    while (last < tokens.length && !isKeyword(tokens[last], "CASE", "END")) last++
    if (!isKeyword(tokens[first], "CASE") || !isKeyword(tokens[last], "END")) return false
    const parameters = tokens.slice(first, last).filter(({ kind }) => kind === "parameter")
    const [parameter, ...others] = parameters
    return parameter !== undefined && others.length === 0 && isPlaintextParameter(nameOf(parameter))
  }

  #difference(mention: Mention, sql: string): Answer | undefined {
    if (writesPlaintext(mention.bound.phase)) return undefined
    const { start, end } = mention
    const { driver } = this.#compilation.dataSource
    const table = sql.slice(this.#tokens[start]?.start, this.#tokens[end - 1]?.start)
    const compared = compareByIndex(mention, table, (name) => driver.escape(name))
    return { start, end: end + COMPARED_TOKENS, sql: compared }
  }

  #compare(mention: Mention, { negated, ...comparison }: Comparison): string {
    const values = comparison.values.flatMap((parameter) =>
      this.#valuesOf(mention, parameter, comparison.isValue),
    )
    const known = values.filter((value) => value !== null && value !== undefined)
    known.forEach(this.#compilation.note)
    const { metadata, column, bound, alias } = mention
    const { companions } = indexedProperty(metadata, column, bound)
    const [companion] = companions
    if (!companion) throw this.#unsupported(mention)
    if (companion.index.truncated) {
      throw this.#unsupported(mention, "its blind index has few bits, and results must be checked")
    }
    const of: Predicate[] = known.length < values.length ? [{ kind: "unknown" }] : []
    const {
      predicate,
      asked,
      values: sought,
    } = seek(
      companion,
      known.map((value) => [value]),
    )
    for (const one of asked) this.#compilation.ask(one, sought)
    const either: Predicate = { kind: "or", of: [predicate, ...of] }
    const compiled = compilePredicate(negated ? { kind: "not", of: either } : either)
    this.#compilation.builder.setParameters({ ...compiled.parameters })
    const { driver } = this.#compilation.dataSource
    const prefix = alias === "" ? "" : `${driver.escape(alias)}.`
    return compiled.toSql((path) => {
      const named = metadata.findColumnWithPropertyPathStrict(path)
      return prefix + driver.escape(named?.databaseName ?? path)
    })
  }

  #valuesOf(mention: Mention, { text }: SqlToken, isValue: boolean): readonly unknown[] {
    const isList = text.startsWith("...")
    const name = isList ? text.slice("...".length) : text
    const value = parameterOf(this.#compilation.builder, name)
    if (value === MISSING) {
      throw this.#unsupported(mention, `the parameter ${name} is not set when the SQL is compiled`)
    }
    if (typeof value === "function" || isFindOperator(value)) throw this.#unsupported(mention)
    if (typeof value === "string" && propertyOfOperand(value)) throw this.#unsupported(mention)
    if (!Array.isArray(value)) return [value]
    if (isValue) throw this.#unsupported(mention, `the parameter ${name} is a list`)
    return value as readonly unknown[]
  }

  /** An order or group by the alias or the number of an item that is an encrypted column. */
  #refuseAlias(mention: Mention): void {
    const { scope } = mention.place
    const item = mention.place.clause === "select" ? selectedItem(mention) : undefined
    if (!item) return
    const number = String(
      scope.items.select.filter(({ end, start }) => end > start).indexOf(item) + 1,
    )
    const alias = this.#tokens[item.end - 1]
    const isItem = (token: SqlToken): boolean =>
      token.kind === "literal"
        ? token.text === number
        : token.text.toLowerCase() === alias?.text.toLowerCase()
    for (const { start, end } of [...scope.items.order, ...scope.items.group]) {
      const named = this.#tokens.slice(start, end).find((token, i) => {
        const isAlone = i === 0 || token.kind !== "literal"
        return isAlone && !isSymbol(this.#tokens[start + i - 1], ".") && isItem(token)
      })
      if (named)
        throw this.#unsupported(mention, "an order or group by it would follow the ciphertext")
    }
  }

  /** What would follow the ciphertext, if it is such a thing. */
  #ciphertext({ place: { clause, scope } }: Mention): string | undefined {
    if (clause === "returning") return "it is returned decrypted by its own name alone"
    const what =
      clause === "order" || clause === "group"
        ? `an ${clause}`.replace("an g", "a g")
        : AGGREGATES.find((name) => name === scope.call)?.toLowerCase()
    return what === undefined ? undefined : `${what} would follow the ciphertext`
  }

  #unsupported(mention: Mention, problem: string | undefined = this.#ciphertext(mention)): Error {
    const { metadata, column, bound, start, end } = mention
    return unsupportedString(indexedProperty(metadata, column, bound), {
      tokens: this.#tokens,
      start,
      end,
      problem,
    })
  }
}

const AGGREGATES = ["AVG", "MAX", "MIN", "SUM"]

const MISSING = Symbol("missing")

/** A parameter of a query builder, or of the one it is a part of. */
function parameterOf(builder: QueryBuilder<ObjectLiteral>, name: string): unknown {
  const { parameters } = builder.expressionMap
  if (Object.hasOwn(parameters, name)) return parameters[name]
  const { parentQueryBuilder: parent } = builderInternalsOf(builder)
  return parent ? parameterOf(parent, name) : MISSING
}

function nameOf({ text }: SqlToken): string {
  return text.replace(/^\.\.\./, "")
}

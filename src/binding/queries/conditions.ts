import type { EntityMetadata } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { soughtBy } from "../../search/blind-equal"
import { BlindOperator } from "../../search/blind-operator"
import type { Predicate } from "../../search/predicate"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import { CANARY, CANARY_DIGEST } from "../canary-value"
import type { ColumnMetadata } from "../typeorm-internals"
import { type Companion, companionsOf } from "../indexes/companion"
import { equalTo, type Indexed, unanswerable } from "./indexed-property"
import { isAnswerable, isFindOperator } from "./query-rules"

/** What a truncated index finds has to be compared once more: a row passes if `exact` holds its digest. */
export interface Recheck {
  readonly companion: Companion
  readonly exact: readonly string[]
}

/** A condition that TypeORM can compile, and what its results must be checked for. */
export interface CompiledConditions {
  readonly where: unknown
  readonly rechecks: readonly Recheck[]
}

/**
 * Turns the conditions on encrypted properties, in find options, criteria and query builder objects,
 * into conditions on the companion columns of their blind indexes. The caller's objects stay as they
 * are.
 *
 * @throws {@link UnsupportedQueryError} for what no index answers
 */
export function compileConditions(metadata: EntityMetadata, where: unknown): CompiledConditions {
  const rechecks: Recheck[] = []
  const compiled = new Compiler(rechecks).alternatives(where, metadata, "")
  return { where: compiled, rechecks }
}

class Compiler {
  readonly #rechecks: Recheck[]
  /** What keeps a truncated index from answering here, since its results could not be checked. */
  #obstacle: string | undefined

  constructor(rechecks: Recheck[]) {
    this.#rechecks = rechecks
  }

  alternatives(where: unknown, metadata: EntityMetadata, prefix: string): unknown {
    if (!Array.isArray(where)) return this.#object(where, metadata, prefix)
    const obstacle = where.length > 1 ? "one of several alternatives" : undefined
    return this.#under(obstacle, () => {
      const compiled = where.map((one: unknown) => this.alternatives(one, metadata, prefix))
      return compiled.every((one, i) => one === where[i]) ? (where as unknown) : compiled
    })
  }

  #object(where: unknown, metadata: EntityMetadata, prefix: string): unknown {
    if (typeof where !== "object" || where === null || isFindOperator(where)) return where
    const said = where as Said
    const changed: Record<string, unknown> = {}
    const jointly = this.#compound(said, metadata, prefix, changed)
    // Inherited keys as well, since TypeORM reads them
    for (const key in said) {
      const value = said[key]
      // TypeORM has its own rule for these, the same for every column
      if (value === undefined || value === null || jointly.has(key)) continue
      const compiled = this.#value(value, metadata, `${prefix}${key}`)
      if (compiled !== value) changed[key] = compiled
    }
    if (Object.keys(changed).length === 0) return where
    const copy: Record<string, unknown> = {}
    for (const key in said) {
      if (Object.hasOwn(changed, key)) copy[key] = changed[key]
      else if (!jointly.has(key)) copy[key] = said[key]
    }
    return copy
  }

  #value(value: unknown, metadata: EntityMetadata, path: string): unknown {
    const column = metadata.findColumnWithPropertyPathStrict(path)
    const bound = column && boundColumn(column)
    if (bound) return this.#condition(value, metadata, column, bound)
    if (column) return value
    const relation = metadata.findRelationWithPropertyPath(path)
    if (!relation) return this.alternatives(value, metadata, `${path}.`)
    return this.#under("a condition on a relation", () =>
      this.alternatives(value, relation.inverseEntityMetadata, ""),
    )
  }

  #condition(
    value: unknown,
    metadata: EntityMetadata,
    column: ColumnMetadata,
    bound: BoundColumn,
  ): unknown {
    if (isAnswerable(value)) return value
    const own = companionsOf(metadata).filter(
      ({ sources: [first, ...others] }) =>
        others.length === 0 && first?.propertyPath === column.propertyPath,
    )
    const joint = companionsOf(metadata).find(({ sources }) =>
      sources.some(({ propertyPath }) => propertyPath === column.propertyPath),
    )
    const { propertyPath: path } = column
    const predicate = this.#predicate(value, { path, bound, companions: own, joint })
    return new BlindOperator(column.propertyPath, predicate)
  }

  #predicate(condition: unknown, on: Indexed): Predicate {
    const sought = soughtBy(condition)
    if (sought) return this.#matches(sought.values, on, sought.index)
    if (!isFindOperator(condition)) return this.#matches([condition], on)
    const value: unknown = condition.child ?? condition.value
    switch (condition.type as string) {
      case "isNull":
        return { kind: "isNull", path: on.path }
      case "equal":
        return this.#predicate(value, on)
      case "in":
        if (!Array.isArray(value)) break
        return this.#matches(value, on)
      case "not":
        return {
          kind: "not",
          of: this.#under("a negation", () => this.#predicate(value, on)),
        }
      case "and":
      case "or":
        if (!Array.isArray(value)) break
        return this.#under("And or Or", () => ({
          kind: condition.type as "and" | "or",
          of: value.map((one: unknown) => this.#predicate(one, on)),
        }))
    }
    throw unanswerable(on)
  }

  #matches(values: readonly unknown[], on: Indexed, name?: string): Predicate {
    const { bound, companions } = on
    const companion =
      name === undefined ? companions[0] : companions.find(({ index }) => index.name === name)
    if (!companion) {
      if (name === undefined) throw unanswerable(on)
      throw new UnsupportedQueryError(
        bound.property,
        `${bound.property} has no blind index of that name. Name the companion column of one of ` +
          `its indexes: ${companions.map(({ index }) => index.name).join(", ") || "it has none"}.`,
      )
    }
    return this.#match(
      companion,
      values.map((value) => [value]),
    )
  }

  /** @param alternatives - lists of values, one for each member of the index */
  #match(companion: Companion, alternatives: readonly (readonly unknown[])[]): Predicate {
    const { index } = companion
    if (alternatives.some((values) => values.includes(CANARY))) {
      const match = { companion: index.path, digests: [CANARY_DIGEST], legacy: [] }
      return { kind: "matches", match }
    }
    for (const values of alternatives) {
      index.members.forEach(({ property }, i) => {
        if (values[i] !== null && values[i] !== undefined) return
        throw new UnsupportedQueryError(
          property,
          `${property}: null and undefined are not values to search for. Use IsNull().`,
        )
      })
    }
    if (index.truncated) this.#recheck(companion, alternatives)
    return { kind: "matches", match: index.match(alternatives) }
  }

  #recheck(companion: Companion, alternatives: readonly (readonly unknown[])[]): void {
    const { index } = companion
    if (this.#obstacle !== undefined) {
      const { property } = index.members[0]
      throw new UnsupportedQueryError(
        property,
        `${property} has a blind index of few bits, whose results must be checked after ` +
          `decryption, which ${this.#obstacle} does not allow. Query by it alone or along with ` +
          "other conditions, or use an index with all bits.",
      )
    }
    this.#rechecks.push({ companion, exact: alternatives.map((values) => index.exact(values)) })
  }

  /**
   * Compiles the conditions that an index over several properties answers: a value for each of them.
   * Adds them to `changed` at the first property, and returns the properties dealt with.
   */
  #compound(
    said: Said,
    metadata: EntityMetadata,
    prefix: string,
    changed: Record<string, unknown>,
  ): ReadonlySet<string> {
    const done = new Set<string>()
    // Of two that fit, the one over more properties
    const bySize = [...companionsOf(metadata)].sort((a, b) => b.sources.length - a.sources.length)
    for (const companion of bySize) {
      const { sources, index } = companion
      if (sources.length === 1) continue
      const keys = sources.map(({ propertyName }) => propertyName)
      const here = sources.every((one) => one.propertyPath === `${prefix}${one.propertyName}`)
      if (!here || keys.some((key) => done.has(key))) continue
      const values = keys.map((key) => equalTo(said[key], index.name))
      if (values.includes(undefined)) continue
      const [first] = keys as [string]
      const path = `${prefix}${first}`
      const sought = values as (readonly [unknown])[]
      const predicate = this.#match(companion, [sought.map(([value]) => value)])
      changed[first] = new BlindOperator(path, predicate)
      for (const key of keys) done.add(key)
    }
    return done
  }

  #under<Result>(obstacle: string | undefined, compile: () => Result): Result {
    const outer = this.#obstacle
    this.#obstacle ??= obstacle
    try {
      return compile()
    } finally {
      this.#obstacle = outer
    }
  }
}

/** What a condition says of each property. */
type Said = Readonly<Record<string, unknown>>

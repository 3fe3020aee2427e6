import type { EntityMetadata } from "typeorm"

import { EncryptionError, UnsupportedQueryError } from "../../errors"
import { soughtBy } from "../../search/blind-equal"
import { BlindOperator, RefusedCondition } from "../../search/blind-operator"
import type { Predicate } from "../../search/predicate"
import { type BoundColumn, boundColumn } from "../columns/bound-column"
import { encryptedColumnsOf } from "../columns/encrypted-columns"
import type { ColumnMetadata } from "../typeorm-internals"
import { type Companion, companionsOf } from "../indexes/companion"
import { documentCondition } from "./document-conditions"
import { type Indexed, indexedProperty, soughtIn, unanswerable } from "./indexed-property"
import { isUnproven } from "../indexes/index-completeness"
import { leftToTypeORM } from "./left-to-typeorm"
import { compoundPredicate, seek, type Sought } from "./matches"
import { isAnswerable, isFindOperator } from "./query-rules"
import { hasKeys, isEntity } from "./related-entity"

/** What a truncated index finds has to be compared once more: a row passes if `exact` holds its digest. */
export interface Recheck {
  readonly companion: Companion
  readonly exact: readonly string[]
}

/** A condition that TypeORM can compile, and what its results must be checked for. */
export interface CompiledConditions {
  readonly where: unknown
  readonly rechecks: readonly Recheck[]
  /** The index values that are sought. */
  readonly digests: readonly string[]
  /** The indexes that are asked and that rows may be missing from. */
  readonly unproven: readonly Companion[]
  /** The indexes that are asked, each with how many values are sought. */
  readonly searched: ReadonlyMap<Companion, number>
}

/** Where a condition stands. */
export interface Position {
  /** Whether it is among find options, which compare every property of an entity that is given. */
  readonly inFindOptions: boolean
  /** Whether an outer `NOT` asks for the rows of which it is false, not only for those it is true of. */
  readonly negated: boolean
}

/**
 * Turns the conditions on encrypted properties, in find options, criteria and query builder objects,
 * into conditions on the companion columns of their blind indexes. The caller's objects stay as they
 * are.
 *
 * What no index answers is refused with an {@link UnsupportedQueryError} when TypeORM compiles it.
 */
export function compileConditions(
  metadata: EntityMetadata,
  where: unknown,
  position: Position,
): CompiledConditions {
  const compiler = new Compiler(position)
  const compiled = compiler.alternatives(where, metadata, "")
  const { rechecks, digests, unproven, searched } = compiler
  return { where: compiled, rechecks, digests, unproven, searched }
}

const plain = new WeakMap<EntityMetadata, boolean>()

/** Whether no condition on an entity can name an encrypted property, its own or one of what it is related to. */
export function isPlain(metadata: EntityMetadata): boolean {
  let known = plain.get(metadata)
  if (known === undefined) {
    known = reachedFrom(metadata).every((one) => encryptedColumnsOf(one).length === 0)
    plain.set(metadata, known)
  }
  return known
}

/** An entity, and those that its relations lead to. */
function reachedFrom(metadata: EntityMetadata): readonly EntityMetadata[] {
  const reached = new Set([metadata])
  // A set goes on with what is added to it meanwhile
  for (const { relations } of reached) {
    for (const { inverseEntityMetadata } of relations) reached.add(inverseEntityMetadata)
  }
  return [...reached]
}

class Compiler {
  readonly rechecks: Recheck[] = []
  readonly digests: string[] = []
  readonly unproven: Companion[] = []
  readonly searched = new Map<Companion, number>()
  readonly #position: Position
  /** What keeps a truncated index from answering here, since its results could not be checked. */
  #obstacle: string | undefined
  /** Whether the conditions are the properties of an entity, which is told by its primary key. */
  #identified = false

  constructor(position: Position) {
    this.#position = position
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
    const compiled = this.#compound(said, metadata, prefix)
    // Inherited keys as well, since TypeORM reads them
    for (const key in said) {
      const value = said[key]
      // TypeORM has its own rule for these, the same for every column
      if (value === undefined || value === null || compiled.has(key)) continue
      const replaced = this.#value([key, value], metadata, prefix, said)
      if (replaced?.[1] !== value) compiled.set(key, replaced)
    }
    return compiled.size === 0 ? where : withReplaced(said, compiled)
  }

  /** Returns what takes the place of a property and its value. TypeORM takes paths for keys as well. */
  #value(
    [key, value]: Entry,
    metadata: EntityMetadata,
    prefix: string,
    said: Said,
  ): Entry | undefined {
    const path = `${prefix}${key}`
    const column = metadata.findColumnWithPropertyPathStrict(path)
    const bound = column && boundColumn(column)
    if (bound) return this.#condition([key, value], metadata, column, bound, said)
    if (column) return [key, value]
    const relation = metadata.findRelationWithPropertyPath(path)
    if (!relation) return [key, this.alternatives(value, metadata, `${path}.`)]
    const { inverseEntityMetadata: other } = relation
    // By which TypeORM then asks, and by nothing else
    if (!this.#position.inFindOptions && hasKeys(value, relation)) return [key, value]
    const outer = this.#identified
    this.#identified = isEntity(value, other)
    try {
      const compiled = this.#under("a condition on a relation", () =>
        this.alternatives(value, other, ""),
      )
      return [key, compiled]
    } finally {
      this.#identified = outer
    }
  }

  #condition(
    [key, value]: Entry,
    metadata: EntityMetadata,
    column: ColumnMetadata,
    bound: BoundColumn,
    said: Said,
  ): Entry | undefined {
    if (isAnswerable(value)) return [key, value]
    if (bound.paths.length > 0) return refusing(key, () => [key, documentCondition(value, bound)])
    const { propertyPath: path } = column
    const on = indexedProperty(metadata, column, bound)
    // Only what TypeORM selects the other properties of the entity by can tell it from others
    if (this.#identified && on.companions.length === 0 && !isFindOperator(value)) return undefined
    return refusing(key, () => {
      const predicate = this.#predicate(value, on)
      const isOwn = column.propertyName === path
      const companion = isOwn ? leftToTypeORM(predicate, metadata, said) : undefined
      return companion ?? [key, new BlindOperator(path, predicate)]
    })
  }

  #predicate(condition: unknown, on: Indexed): Predicate {
    const sought = soughtBy(condition)
    if (sought) return this.#matches(sought.values, on, sought.index)
    if (!isFindOperator(condition)) return this.#matches([condition], on)
    const { child } = condition
    const value: unknown = child ?? condition.value
    switch (condition.type as string) {
      case "isNull":
        return { kind: "isNull", path: on.path }
      case "equal":
        // TypeORM takes it for the inner one at one place, and for a value at another
        if (child) break
        return this.#matches([value], on)
      case "any":
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
    const sought = seek(
      companion,
      values.map((value) => [value]),
    )
    return this.#note(sought)
  }

  /**
   * Compiles the conditions that an index over several properties answers: a value, or a list of them,
   * for each. Returns what takes the place of each of these properties: a condition for one, nothing
   * for others.
   */
  #compound(said: Said, metadata: EntityMetadata, prefix: string): Replacements {
    const compiled: Replacements = new Map()
    // Of two that fit, the one over more properties
    const companions = companionsOf(metadata).filter(({ sources }) => sources.length > 1)
    for (const companion of companions.sort((a, b) => b.sources.length - a.sources.length)) {
      const { sources, index } = companion
      const keys = sources.map(({ propertyName }) => propertyName)
      const here = sources.every((one) => one.propertyPath === `${prefix}${one.propertyName}`)
      if (!here || keys.some((key) => compiled.has(key))) continue
      const lists = keys.map((key) => soughtIn(said[key], index.name))
      if (!lists.every((list) => list !== undefined)) continue
      const [first] = keys as [string]
      for (const key of keys) compiled.set(key, undefined)
      const entry = refusing(first, () => {
        const { negated } = this.#position
        const predicate = this.#note(compoundPredicate(metadata, companion, lists, negated))
        const left = prefix === "" ? leftToTypeORM(predicate, metadata, said) : undefined
        return left ?? [first, new BlindOperator(`${prefix}${first}`, predicate)]
      })
      compiled.set(first, entry)
    }
    return compiled
  }

  /** Takes note of what is sought, and of what a truncated index finds for it. */
  #note({ predicate, companion, digests, exact, asked, values }: Sought): Predicate {
    for (const one of asked) this.searched.set(one, (this.searched.get(one) ?? 0) + values)
    this.digests.push(...digests)
    this.unproven.push(...asked.filter(isUnproven))
    if (!exact) return predicate
    const { property } = companion.index.members[0]
    if (this.#obstacle !== undefined) {
      throw new UnsupportedQueryError(
        property,
        `${property} has a blind index of few bits, whose results must be checked after ` +
          `decryption, which ${this.#obstacle} does not allow. Query by it alone or along with ` +
          "other conditions, or use an index with all bits.",
      )
    }
    this.rechecks.push({ companion, exact })
    return predicate
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
type Entry = readonly [key: string, value: unknown]
/** What takes the place of properties; `undefined` for nothing. */
type Replacements = Map<string, Entry | undefined>

function withReplaced(said: Said, replacements: Replacements): Said {
  const copy: Record<string, unknown> = {}
  for (const key in said) {
    const [name, value] = replacements.has(key)
      ? (replacements.get(key) ?? [])
      : ([key, said[key]] as const)
    if (name !== undefined) copy[name] = value
  }
  return copy
}

function refusing(key: string, compile: () => Entry): Entry {
  try {
    return compile()
  } catch (error) {
    if (!(error instanceof EncryptionError)) throw error
    return [key, new RefusedCondition(error)]
  }
}

import type { EntityMetadata } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import type { IndexMember } from "../../search/blind-index"
import type { Predicate } from "../../search/predicate"
import { boundColumn } from "../columns/bound-column"
import { tokenSought, unsealed } from "../columns/cell-codec"
import { CANARY, CANARY_DIGEST, CHECKED_CANARY } from "../canary-value"
import { type Companion, companionsOf } from "../indexes/companion"
import { isFindOperator } from "./query-rules"

/** A condition by one blind index. */
export interface Sought {
  readonly companion: Companion
  readonly predicate: Predicate
  readonly digests: readonly string[]
  /** Of a truncated index, the whole digests of what is sought. */
  readonly exact: readonly string[] | undefined
  /** The indexes that are asked: those of each property as well, if the one over several needs them. */
  readonly asked: readonly Companion[]
  /** How many values are sought. */
  readonly values: number
}

/**
 * Returns the condition that an index has one of several lists of values, one for each member.
 *
 * @throws {@link EncryptionError} `ERR_INVALID_VALUE`, `ERR_ALREADY_ENCRYPTED` or
 * `ERR_UNSUPPORTED_QUERY` for what is no value to search for
 */
export function seek(
  companion: Companion,
  given: readonly (readonly unknown[])[],
  otherwise?: Predicate,
): Sought {
  const { index, sources } = companion
  const alternatives = given.map((values) =>
    values.map((value, i) => unsealed(index.members[i]?.property ?? index.name, value)),
  )
  const isCanary = alternatives.some(
    (values) => values.includes(CANARY) || values.includes(CHECKED_CANARY),
  )
  if (!isCanary) {
    for (const values of alternatives) {
      index.members.forEach((member, i) => {
        assertSought(member, values[i], (value) => {
          const source = sources[i]
          return source !== undefined && boundColumn(source)?.isOwnToken(value) === true
        })
      })
    }
  }
  const digests = isCanary ? [CANARY_DIGEST] : index.searchedAny(alternatives)
  const match = {
    companion: index.path,
    digests,
    longList: index.longList,
    ...whereNull(otherwise ?? (isCanary ? undefined : inPlaintext(companion, alternatives))),
  }
  const exact = index.truncated ? exactOf(companion, alternatives) : undefined
  const asked = isCanary ? [] : [companion]
  return {
    companion,
    predicate: { kind: "matches", match },
    digests,
    exact,
    asked,
    values: alternatives.length,
  }
}

/** What a truncated index is to be compared with, to check what it finds; nothing for most canaries. */
function exactOf(
  { index }: Companion,
  alternatives: readonly (readonly unknown[])[],
): readonly string[] | undefined {
  const [sought = []] = alternatives
  if (sought.includes(CANARY)) return undefined
  if (sought.includes(CHECKED_CANARY)) return [CANARY_DIGEST]
  return alternatives.map((values) => index.exact(values))
}

function whereNull(otherwise: Predicate | undefined): { readonly otherwise?: Predicate } {
  return otherwise ? { otherwise } : {}
}

function assertSought(
  { property }: IndexMember,
  value: unknown,
  isOwnToken: (value: unknown) => boolean,
): void {
  if (value === null || value === undefined) {
    throw new UnsupportedQueryError(
      property,
      `${property}: null and undefined are not values to search for. Use IsNull().`,
    )
  }
  if (isFindOperator(value)) {
    throw new UnsupportedQueryError(
      property,
      `${property}: an operator inside Equal, In, Any, BlindEqual or BlindIn is no value to ` +
        "search for. Use it by itself.",
    )
  }
  if (isOwnToken(value)) throw tokenSought(property)
}

/** That a row is still in plaintext and has the values; `undefined` where none may be. */
function inPlaintext(
  { index }: Companion,
  alternatives: readonly (readonly unknown[])[],
): Predicate | undefined {
  if (!index.searchesPlaintext || alternatives.length === 0) return undefined
  const of = index.members.map((member, i): Predicate => {
    const values = new Set(alternatives.map((one) => one[i]))
    return { kind: "holds", cell: index.legacyCell(member, [...values]) }
  })
  return { kind: "and", of }
}

/** Of an index over several properties, the combinations of values that one condition may ask for. */
const MOST_COMBINATIONS = 100_000

/**
 * Returns the condition that an index over several properties has one of a list of values for each.
 *
 * @param negated - whether it must be told which rows differ, and not only which do not: where one
 * property is NULL the index is, and the others have to be asked
 * @throws {@link UnsupportedQueryError} if these cannot be asked
 */
export function compoundPredicate(
  metadata: EntityMetadata,
  companion: Companion,
  lists: readonly (readonly unknown[])[],
  negated: boolean,
): Sought {
  const { sources, index } = companion
  const alternatives = combinationsOf(companion, lists)
  const nullable = sources.filter(({ isNullable }) => isNullable)
  if (!negated || (nullable.length === 0 && !index.searchesPlaintext)) {
    return seek(companion, alternatives)
  }
  const asked: Companion[] = [companion]
  const members = sources.map((source, i): Predicate => {
    const own = companionsOf(metadata).find(
      ({ sources: [only, ...others], index: own }) =>
        only?.propertyPath === source.propertyPath &&
        others.length === 0 &&
        !own.truncated &&
        own.equatesAs(index),
    )
    const values = lists[i] ?? []
    if (own) {
      asked.push(own)
      return seek(
        own,
        values.map((value) => [value]),
      ).predicate
    }
    if (nullable.some((other) => other !== source)) throw undecided(companion)
    const member = index.members[i]
    return index.searchesPlaintext && member
      ? { kind: "holds", cell: index.legacyCell(member, values) }
      : { kind: "unknown" }
  })
  return { ...seek(companion, alternatives, { kind: "and", of: members }), asked }
}

/** Every choice of one value from each list. */
function combinationsOf(
  { index }: Companion,
  lists: readonly (readonly unknown[])[],
): readonly (readonly unknown[])[] {
  const number = lists.reduce((product, { length }) => product * length, 1)
  if (number > MOST_COMBINATIONS) {
    throw new UnsupportedQueryError(
      index.members[0].property,
      `${propertiesOf(index)} are indexed together, and the lists of values have ${number} ` +
        `combinations. Ask for ${MOST_COMBINATIONS} at most, in several queries.`,
    )
  }
  return lists.reduce<readonly (readonly unknown[])[]>(
    (all, list) => all.flatMap((values) => list.map((value) => [...values, value])),
    [[]],
  )
}

function propertiesOf({ members }: Companion["index"]): string {
  return members.map(({ property }) => property).join(", ")
}

function undecided({ index }: Companion): UnsupportedQueryError {
  return new UnsupportedQueryError(
    index.members[0].property,
    `${propertiesOf(index)} are indexed together, and where one of them is NULL the index does not tell ` +
      "whether the others differ, which NotBrackets asks. Give each of them a blind index of its own " +
      "as well, or make the columns NOT NULL.",
  )
}

import { type EntityMetadata, In, Not } from "typeorm"

import { isLong, type Predicate } from "../../search/predicate"

/**
 * The condition in the terms of TypeORM itself, which compiles it in less time than one of ours;
 * `undefined` if that cannot say it.
 *
 * @param said - what else the condition says, which must not name the companion
 */
export function leftToTypeORM(
  predicate: Predicate,
  metadata: EntityMetadata,
  said: Readonly<Record<string, unknown>>,
): readonly [key: string, value: unknown] | undefined {
  const negated = predicate.kind === "not"
  const positive = negated ? predicate.of : predicate
  if (positive.kind !== "matches") return undefined
  const { companion, digests, otherwise, longList } = positive.match
  if (otherwise || isLong(digests, longList) || companion in said) return undefined
  if (!metadata.findColumnWithPropertyPathStrict(companion)) return undefined
  const [digest, ...others] = digests
  const value = digest !== undefined && others.length === 0 ? digest : In([...digests])
  return [companion, negated ? Not(value) : value]
}

import fc from "fast-check"

import { entities, type EntityName } from "../model/description"
import { valueOf } from "./condition"
import { memoized } from "./memoized"
import { assign, spoken, type Speaker, type Value } from "./speaker"

/** What a write says of one property; undefined leaves it as it is. */
export interface Change {
  readonly path: string
  readonly to: Value | "null" | "undefined"
}

/** The properties that a write gives, those of a compound index often together. */
export const changes = memoized((entity: EntityName): fc.Arbitrary<readonly Change[]> => {
  const { encrypted, documents, plain, indexes } = entities[entity]
  const groups = [
    ...[...encrypted, ...documents].map(({ path }) => [path]),
    ...indexes.filter(({ members }) => members.length > 1).map(({ members }) => [...members]),
    ...Object.keys(plain)
      .filter((path) => path !== "id")
      .map((path) => [path]),
  ]
  const group = fc.oneof(
    ...groups.map((paths) => fc.tuple(...paths.map((path) => change(entity, path)))),
  )
  return fc
    .array(group, { minLength: 1, maxLength: 4 })
    .map((all) => [...new Map(all.flat().map((one) => [one.path, one])).values()])
})

function change(entity: EntityName, path: string): fc.Arbitrary<Change> {
  const isNullable = path !== "rank" && path !== "size"
  return fc
    .oneof<fc.WeightedArbitrary<Change["to"]>[]>(
      { weight: 6, arbitrary: valueOf(entity, path) },
      { weight: 1, arbitrary: fc.constantFrom(isNullable ? "null" : "undefined", "undefined") },
    )
    .map((to) => ({ path, to }))
}

/** Sets what a write gives on an object, as one of the models has it. */
export function applyChanges(
  speaker: Speaker,
  entity: EntityName,
  target: Record<string, unknown>,
  all: readonly Change[],
): Record<string, unknown> {
  for (const { path, to } of all) {
    const value = to === "null" ? null : to === "undefined" ? undefined : spoken(speaker, to)
    assign(speaker, entity, target, path, value)
  }
  return target
}

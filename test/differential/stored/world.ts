import fc from "fast-check"

import { entities, type EntityName, type Scalar } from "../model/description"
import type { Variant } from "../model/variants"

/** A row of both models: what its properties hold, and how the encrypted ones are stored. */
export interface Row {
  readonly values: Readonly<Record<string, Scalar>>
  readonly references: Readonly<Record<string, number | null>>
  /** By path of an encrypted property or a document: in plaintext, or under which of the keys. */
  readonly stored: Readonly<Record<string, "plaintext" | number>>
  /** Indexes of which the row has no value yet. */
  readonly unindexed: readonly string[]
}

/** The rows that a case begins with. */
export type World = Readonly<Record<EntityName, readonly Row[]>>

const ROWS: Readonly<Record<EntityName, number>> = { Club: 4, Person: 12, Visit: 14 }

/** The rows of a variant's tables for a seed, the same each time. */
export function worldOf(variant: Variant, seed: number): World {
  const [world] = fc.sample(worlds(variant), { seed, numRuns: 1 })
  if (!world) throw new Error("fast-check made no world.")
  return world
}

function worlds(variant: Variant): fc.Arbitrary<World> {
  return fc
    .record({
      Club: rows("Club", variant),
      Person: rows("Person", variant),
      Visit: rows("Visit", variant),
    })
    .map((world) => ({ ...world, Person: unique(world.Person, variant) }))
}

function rows(entity: EntityName, variant: Variant): fc.Arbitrary<Row[]> {
  return fc
    .array(row(entity, variant), { minLength: ROWS[entity], maxLength: ROWS[entity] })
    .map((list) => list.map((one, i) => ({ ...one, values: { ...one.values, id: i + 1 } })))
}

function row(entity: EntityName, variant: Variant): fc.Arbitrary<Row> {
  const { encrypted, documents, plain, relations } = entities[entity]
  const values: Record<string, fc.Arbitrary<Scalar>> = {}
  for (const [path, held] of Object.entries(plain)) {
    if (held.length > 0) values[path] = fc.constantFrom(...held)
  }
  for (const { path, values: held } of [...encrypted, ...documents]) {
    values[path] = fc.option(fc.constantFrom(...held), { freq: 5 })
  }
  const references: Record<string, fc.Arbitrary<number | null>> = {}
  for (const [name, { to, many }] of Object.entries(relations)) {
    if (!many) references[name] = fc.option(fc.integer({ min: 1, max: ROWS[to] }), { freq: 4 })
  }
  return fc.record({
    values: fc.record(values),
    references: fc.record(references),
    stored: storedAs(entity, variant),
    unindexed: unindexedOf(entity, variant),
  })
}

/** The members of one index are encrypted together, as bulk encryption does. */
function storedAs(entity: EntityName, variant: Variant): fc.Arbitrary<Row["stored"]> {
  const ways = variant.keys.map((_, i): "plaintext" | number => i)
  const way = fc.constantFrom(...(variant.legacy ? [...ways, "plaintext" as const] : ways))
  const { encrypted, documents, indexes } = entities[entity]
  const hidden = [...encrypted, ...documents]
  return fc
    .tuple(way, fc.record(Object.fromEntries(hidden.map(({ path }) => [path, way]))))
    .map(([joint, each]) => {
      const compound = indexes.flatMap(({ members }) => (members.length > 1 ? members : []))
      return { ...each, ...Object.fromEntries(compound.map((path) => [path, joint])) }
    })
}

/** Indexes that share a property are filled together, so that no query depends on which answers. */
function unindexedOf(entity: EntityName, variant: Variant): fc.Arbitrary<readonly string[]> {
  if (!variant.unindexed) return fc.constant([])
  const { indexes } = entities[entity]
  return fc.subarray(indexes.map(({ name }) => name)).map((names) => {
    const touched = indexes
      .filter(({ name }) => names.includes(name))
      .flatMap(({ members }): readonly string[] => members)
    const family = indexes.filter(({ members }) => members.some((one) => touched.includes(one)))
    const members = family.flatMap((one): readonly string[] => one.members)
    return indexes
      .filter((one) => one.members.some((path) => members.includes(path)))
      .map(({ name }) => name)
  })
}

/** What occurs once: a handle, in whatever case; where it is enforced a phone of a ward, and a pin. */
function unique(persons: readonly Row[], variant: Variant): Row[] {
  const taken = new Set<string>()
  return persons.map((person) => {
    const { handle, phone, ward, pin } = person.values
    const scoped = { phone: ward === null ? null : `${ward} ${phone}`, pin }
    const keys = { handle: String(handle).toLowerCase(), ...(variant.unique && scoped) }
    const values = { ...person.values }
    for (const [path, key] of Object.entries(keys)) {
      if (taken.has(`${path} ${key}`)) values[path] = null
      else if (key !== null) taken.add(`${path} ${key}`)
    }
    return { ...person, values }
  })
}

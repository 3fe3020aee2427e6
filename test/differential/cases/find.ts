import fc from "fast-check"
import type { EntityManager, FindManyOptions, ObjectLiteral } from "typeorm"

import { entities, type EntityName } from "../model/description"
import { anyWhere, speakWhere, type Where } from "./condition"
import { comparedPath, askedIndex, setAt, type Speaker } from "./speaker"

const BY_OPTIONS = ["find", "findOne", "findOneOrFail", "findAndCount", "count", "exists"] as const
const BY_WHERE = [
  "findBy",
  "findOneBy",
  "findOneByOrFail",
  "findAndCountBy",
  "countBy",
  "existsBy",
] as const
const OF_COLUMN = ["sum", "average", "minimum", "maximum"] as const

/** A direction of an order by a path. */
export type Order = readonly (readonly [path: string, direction: "ASC" | "DESC"])[]

/** A call of an entity manager or repository that reads. */
export interface Find {
  readonly kind: "find"
  readonly method:
    (typeof BY_OPTIONS)[number] | (typeof BY_WHERE)[number] | (typeof OF_COLUMN)[number]
  readonly entity: EntityName
  readonly through: "manager" | "repository"
  readonly where: Where | null
  readonly select: readonly string[] | null
  readonly relations: readonly string[]
  readonly strategy: "join" | "query"
  readonly order: Order
  readonly skip: number | null
  readonly take: number | null
  readonly withDeleted: boolean
  /** What sum and the like are of. */
  readonly column: string
}

/** Every call that reads by find options or criteria. */
export function finds(): fc.Arbitrary<Find> {
  const names: readonly EntityName[] = ["Person", "Person", "Club", "Visit"]
  return fc.oneof(
    ...names.map((entity) =>
      fc.record<Find>({
        kind: fc.constant("find"),
        entity: fc.constant(entity),
        ...callOf(),
        ...optionsOf(entity),
      }),
    ),
  )
}

type Arbitraries<Keys extends keyof Find> = { readonly [Key in Keys]: fc.Arbitrary<Find[Key]> }

function callOf(): Arbitraries<"method" | "through"> {
  return {
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...BY_OPTIONS) },
      { weight: 6, arbitrary: fc.constantFrom(...BY_WHERE) },
      { weight: 1, arbitrary: fc.constantFrom(...OF_COLUMN) },
    ),
    through: fc.constantFrom("manager", "repository"),
  }
}

function optionsOf(
  entity: EntityName,
): Arbitraries<Exclude<keyof Find, "entity" | "kind" | "method" | "through">> {
  const { encrypted, documents, plain, relations } = entities[entity]
  const paths = [...[...encrypted, ...documents].map(({ path }) => path), ...Object.keys(plain)]
  const page = fc.option(fc.nat({ max: 4 }), { freq: 3 }).map((n) => n)
  return {
    where: fc.option(anyWhere(entity), { freq: 12 }),
    select: fc.option(fc.subarray(paths), { freq: 2 }).map((some) => some),
    relations: fc.subarray(Object.keys(relations)),
    strategy: fc.constantFrom("join", "query"),
    order: orderOf(entity),
    skip: page,
    take: page,
    withDeleted: fc.boolean(),
    column: fc.constantFrom("id", "id", encrypted[0]?.path ?? "id"),
  }
}

/** Plain paths, and now and then an encrypted one, which is to be refused. */
export function orderOf(entity: EntityName): fc.Arbitrary<Order> {
  const { encrypted, plain } = entities[entity]
  const path = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...Object.keys(plain)) },
    { weight: 1, arbitrary: fc.constantFrom(...encrypted.map((one) => one.path)) },
  )
  const part = fc.tuple(path, fc.constantFrom("ASC", "DESC"))
  return fc.uniqueArray(part, { maxLength: 2, selector: ([one]) => one })
}

/** A result of which the database may choose any. */
export class OneOf {
  readonly candidates: readonly unknown[]

  constructor(candidates: readonly unknown[]) {
    this.candidates = candidates
  }
}

/** Makes the call on one of the models. */
export async function runFind(
  speaker: Speaker,
  manager: EntityManager,
  find: Find,
): Promise<unknown> {
  const { entity, method, through } = find
  const where = find.where === null ? {} : speakWhere(speaker, entity, find.where)
  const target = through === "manager" ? [entity] : []
  const subject = (through === "manager"
    ? manager
    : manager.getRepository(entity)) as unknown as Calls
  if (isOfColumn(method)) {
    const path = comparedPath(speaker, find.column, askedIndex(entity, find.column))
    return subject[method](...target, path, where)
  }
  if (isByOptions(method)) return subject[method](...target, optionsFor(find, where))
  if (!speaker.encrypts && method.startsWith("findOneBy")) {
    const found = (await subject.findBy(...target, where)) as unknown[]
    if (found.length > 0) return new OneOf(found)
  }
  return subject[method](...target, where)
}

type Calls = Record<Find["method"], (...args: unknown[]) => Promise<unknown>>

function isOfColumn(method: Find["method"]): method is (typeof OF_COLUMN)[number] {
  return (OF_COLUMN as readonly string[]).includes(method)
}

function isByOptions(method: Find["method"]): method is (typeof BY_OPTIONS)[number] {
  return (BY_OPTIONS as readonly string[]).includes(method)
}

function optionsFor(find: Find, where: unknown): FindManyOptions<ObjectLiteral> {
  const { select, relations, order, skip, take, strategy, withDeleted } = find
  const selected: Record<string, unknown> = { id: true }
  for (const path of select ?? []) setAt(selected, path, true)
  const ordered: Record<string, unknown> = {}
  // A key at the end makes every order a total one
  for (const [path, direction] of [...order, ["id", "ASC"]] as Order) {
    if (path !== "id" || !("id" in ordered)) setAt(ordered, path, direction)
  }
  return {
    where,
    order: ordered,
    relations: Object.fromEntries(relations.map((name) => [name, true])),
    relationLoadStrategy: strategy,
    withDeleted,
    ...(select && { select: selected }),
    ...(skip !== null && { skip }),
    ...(take !== null && { take }),
  } as FindManyOptions<ObjectLiteral>
}

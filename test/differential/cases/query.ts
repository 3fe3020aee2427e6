import fc from "fast-check"
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from "typeorm"

import { entities, type EntityName } from "../model/description"
import { type Order, orderOf } from "./find"
import { addSteps, type Scope, type Step, steps } from "./steps"
import type { Speaker } from "./speaker"
import { speakText, type Text, texts } from "./text"

const JOINS = ["leftJoin", "innerJoin", "leftJoinAndSelect", "innerJoinAndSelect"] as const
const TERMINALS = [
  "getMany",
  "getOne",
  "getOneOrFail",
  "getManyAndCount",
  "getCount",
  "getExists",
  "getRawMany",
  "getRawAndEntities",
] as const

/** A join along a relation of the root. */
export interface Join {
  readonly relation: string
  readonly to: EntityName
  readonly method: (typeof JOINS)[number]
  readonly on: Text | null
}

/** A statement of a query builder that reads. */
export interface Query {
  readonly kind: "query"
  readonly entity: EntityName
  readonly joins: readonly Join[]
  readonly steps: readonly Step[]
  /** All, some properties, plain columns by a name, or a count by group. */
  readonly select: "all" | "group" | "raw" | readonly string[]
  readonly distinct: boolean
  readonly order: Order
  readonly page: "limit" | "none" | "take"
  readonly skip: number
  readonly take: number
  readonly withDeleted: boolean
  readonly terminal: (typeof TERMINALS)[number]
  /** Whether the builder is executed once, twice at once, or twice in a row. */
  readonly times: "at once" | "in a row" | "once"
}

/** Every statement of a query builder that reads. */
export function queries(): fc.Arbitrary<Query> {
  const names: readonly EntityName[] = ["Person", "Person", "Club", "Visit"]
  return fc.oneof(
    ...names.flatMap((entity) => joinedRelations(entity).map((joined) => query(entity, joined))),
  )
}

/** None of the relations, each of them, and all. */
function joinedRelations(entity: EntityName): readonly (readonly string[])[] {
  const all = Object.keys(entities[entity].relations)
  return [[], [], ...all.map((one) => [one]), ...(all.length > 1 ? [all] : [])]
}

function query(entity: EntityName, joined: readonly string[]): fc.Arbitrary<Query> {
  const { encrypted, documents, plain, relations } = entities[entity]
  const to = (relation: string): EntityName => relations[relation]?.to ?? entity
  const aliases = Object.fromEntries(joined.map((relation) => [relation, to(relation)]))
  const scope: Scope = { entity, aliases: { root: entity, ...aliases }, nests: true }
  const hidden = [...encrypted, ...documents].map(({ path }) => path)
  const some = fc.subarray([...hidden, ...Object.keys(plain)])
  return fc.record<Query>({
    kind: fc.constant("query"),
    entity: fc.constant(entity),
    joins: fc.tuple(...joined.map((relation) => join(relation, to(relation)))),
    steps: steps(scope),
    select: fc.oneof<fc.Arbitrary<Query["select"]>[]>(
      fc.constantFrom("all", "all", "all"),
      fc.constantFrom("raw", "group"),
      some,
    ),
    distinct: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
    order: orderOf(entity),
    page: fc.constantFrom("none", "none", "take", "limit"),
    skip: fc.nat({ max: 3 }),
    take: fc.integer({ min: 1, max: 4 }),
    withDeleted: fc.boolean(),
    terminal: fc.constantFrom("getMany", "getMany", ...TERMINALS),
    times: fc.constantFrom("once", "once", "once", "once", "at once", "in a row"),
  })
}

function join(relation: string, to: EntityName): fc.Arbitrary<Join> {
  return fc.record<Join>({
    relation: fc.constant(relation),
    to: fc.constant(to),
    method: fc.constantFrom(...JOINS),
    on: fc.option(texts({ [relation]: to }), { freq: 2 }),
  })
}

/** Builds and executes the statement on one of the models. */
export async function runQuery(
  speaker: Speaker,
  manager: EntityManager,
  query: Query,
): Promise<unknown> {
  const builder = build(speaker, manager, query)
  const execute = () => terminate(builder, query)
  switch (query.times) {
    case "once":
      return execute()
    case "at once":
      return Promise.all([execute(), execute()])
    case "in a row":
      return [await execute(), await execute()]
  }
}

function build(
  speaker: Speaker,
  manager: EntityManager,
  query: Query,
): SelectQueryBuilder<ObjectLiteral> {
  const { entity, withDeleted } = query
  const builder = manager.createQueryBuilder<ObjectLiteral>(entity, "root")
  if (withDeleted) builder.withDeleted()
  for (const { method, relation, on } of query.joins) {
    const said = on ? speakText(speaker, on) : undefined
    builder[method](`root.${relation}`, relation, said && `(${said.sql})`, said?.parameters)
  }
  addSteps({ speaker, manager, builder, entity }, builder, query.steps)
  choose(builder, query)
  return builder
}

function choose(builder: SelectQueryBuilder<ObjectLiteral>, query: Query): void {
  const { select, order, page, skip, take, joins: joined, distinct } = query
  if (distinct) builder.distinct(true)
  if (select === "group") {
    const [by = "id"] = Object.keys(entities[query.entity].plain).slice(1)
    builder.select(`root.${by}`, "by").addSelect("COUNT(*)", "n").groupBy(`root.${by}`)
    return
  }
  if (select === "raw") builder.select("root.id", "id")
  else if (select !== "all") builder.select(["root.id", ...select.map((path) => `root.${path}`)])
  for (const [path, direction] of order) builder.addOrderBy(`root.${path}`, direction)
  builder.addOrderBy("root.id")
  // Rows of a join need a total order as well, where the database cuts the page
  if (page === "limit" && !distinct) {
    for (const { relation } of joined) builder.addOrderBy(`${relation}.id`)
  }
  // TypeORM cuts pages by keys, which it looks for under names of its own
  if (page === "take" && select !== "raw") builder.skip(skip).take(take)
  if (page === "limit") builder.offset(skip).limit(take)
}

async function terminate(
  builder: SelectQueryBuilder<ObjectLiteral>,
  { terminal, select }: Query,
): Promise<unknown> {
  if (terminal === "getExists") return builder.getExists()
  // Entities of a group would be of any of its rows
  if (select === "group") return builder.getRawMany()
  if (terminal === "getRawMany") {
    const rows = await builder.getRawMany<Record<string, unknown>>()
    return select === "raw" ? rows : rows.map((row) => row.root_id)
  }
  if (terminal !== "getRawAndEntities") return builder[terminal]()
  const { raw, entities: loaded } = await builder.getRawAndEntities<Record<string, unknown>>()
  return [raw.map((row) => row.root_id), loaded]
}

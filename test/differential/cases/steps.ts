import fc from "fast-check"
import {
  Brackets,
  type EntityManager,
  NotBrackets,
  type ObjectLiteral,
  type SelectQueryBuilder,
  type WhereExpressionBuilder,
} from "typeorm"

import { entities, type EntityName } from "../model/description"
import { anyWhere, speakWhere, type Where } from "./condition"
import { memoized } from "./memoized"
import type { Speaker } from "./speaker"
import { speakText, type Text, texts } from "./text"

/** A call of `where`, `andWhere` or `orWhere`. */
export interface Step {
  readonly method: "andWhere" | "orWhere" | "where"
  readonly where: Clause
}

/** What such a call is given. */
export type Clause =
  | Text
  | { readonly kind: "object"; readonly entity: EntityName; readonly where: Where }
  | { readonly kind: "brackets"; readonly negated: boolean; readonly steps: readonly Step[] }
  | Nested

/** A condition that is another query. */
export interface Nested {
  readonly kind: "nested"
  readonly negated: boolean
  /** As `subQuery()` in a string, as a builder of its own, or as `whereExists()`. */
  readonly form: "builder" | "exists" | "subQuery"
  readonly relation: string
  readonly to: EntityName
  readonly steps: readonly Step[]
}

/** The builder that an entity's conditions are added to, by what aliases. */
export interface Scope {
  readonly entity: EntityName
  /** Aliases that strings may use; `""` where an UPDATE or DELETE has none. */
  readonly aliases: Readonly<Record<string, EntityName>>
  /** Whether conditions may be queries of their own. */
  readonly nests: boolean
}

/** Calls that add conditions. */
export function steps(scope: Scope, depth = 2): fc.Arbitrary<readonly Step[]> {
  const step = fc.record<Step>({
    method: fc.constantFrom("andWhere", "andWhere", "andWhere", "orWhere", "where"),
    where: clauses(scope, depth),
  })
  return fc.array(step, { minLength: 1, maxLength: 3 })
}

function clauses(scope: Scope, depth: number): fc.Arbitrary<Clause> {
  const { entity } = scope
  const object = anyWhere(entity).map((where): Clause => ({ kind: "object", entity, where }))
  const flat = [
    { weight: 5, arbitrary: object },
    { weight: 2, arbitrary: texts(scope.aliases) },
  ]
  if (depth === 0) return fc.oneof(...flat)
  const brackets = fc
    .tuple(fc.boolean(), steps({ ...scope, nests: false }, depth - 1))
    .map(([negated, inner]): Clause => ({ kind: "brackets", negated, steps: inner }))
  return fc.oneof(
    ...flat,
    { weight: 3, arbitrary: brackets },
    ...(scope.nests ? [{ weight: 1, arbitrary: nested(entity) }] : []),
  )
}

const nested = memoized((entity: EntityName): fc.Arbitrary<Clause> =>
  fc.oneof(
    ...Object.entries(entities[entity].relations).map(([relation, { to }]) =>
      fc.record<Nested>({
        kind: fc.constant("nested"),
        relation: fc.constant(relation),
        to: fc.constant(to),
        negated: fc.boolean(),
        form: fc.constantFrom("builder", "exists", "subQuery"),
        steps: steps({ entity: to, aliases: { nested: to }, nests: false }, 1),
      }),
    ),
  ),
)

/** What steps are added with. */
export interface Adding {
  readonly speaker: Speaker
  readonly manager: EntityManager
  /** The builder of the statement, which parameters of nested queries go to. */
  readonly builder: SelectQueryBuilder<ObjectLiteral> | undefined
  readonly entity: EntityName
  /** Where the parameters that TypeORM names are counted from, if not from the first. */
  readonly parameterIndex?: number
}

/** Adds conditions to a builder, or to one inside brackets. */
export function addSteps(
  adding: Adding,
  target: WhereExpressionBuilder,
  all: readonly Step[],
): void {
  for (const { method, where } of all) {
    const { speaker } = adding
    switch (where.kind) {
      case "text": {
        const { sql, parameters } = speakText(speaker, where)
        target[method](sql, parameters)
        break
      }
      case "object":
        target[method](speakWhere(speaker, where.entity, where.where) as ObjectLiteral)
        break
      case "brackets": {
        const Class = where.negated ? NotBrackets : Brackets
        target[method](
          new Class((inner) => {
            addSteps(adding, numbered(inner, adding), where.steps)
          }),
        )
        break
      }
      case "nested":
        addNested(adding, target, method, where)
    }
  }
}

let builders = 0

/** Far enough apart for the parameters of one builder. */
function nextIndex(): number {
  return 1000 * (1 + (builders++ % 100))
}

/** Two builders name their parameters alike, and the outer one would take those of the inner. */
function numbered<Builder extends WhereExpressionBuilder>(
  builder: Builder,
  { parameterIndex }: Adding,
): Builder {
  return parameterIndex === undefined ? builder : Object.assign(builder, { parameterIndex })
}

function addNested(
  adding: Adding,
  target: WhereExpressionBuilder,
  method: Step["method"],
  { form, negated, relation, to, steps: inner }: Nested,
): void {
  const { manager, builder, entity } = adding
  if (!builder) return
  const many = entities[entity].relations[relation]?.many ?? false
  const link = many
    ? `nested.${entity.toLowerCase()}Id = root.id`
    : `nested.id = root.${relation}Id`
  const query =
    form === "subQuery"
      ? builder.subQuery().select("nested.id").from<ObjectLiteral>(to, "nested")
      : manager.createQueryBuilder<ObjectLiteral>(to, "nested").select("nested.id")
  const within = {
    ...adding,
    entity: to,
    ...(form !== "subQuery" && { parameterIndex: nextIndex() }),
  }
  numbered(query, within).where(link)
  query.andWhere(
    new Brackets((brackets) => {
      addSteps(within, numbered(brackets, within), inner)
    }),
  )
  if (form === "exists" && method === "andWhere" && !negated && "andWhereExists" in builder) {
    builder.andWhereExists(query)
    return
  }
  const sql = form === "subQuery" ? query.getQuery() : `(${query.getQuery()})`
  target[method](`${negated ? "NOT " : ""}EXISTS ${sql}`, query.getParameters())
}

import fc from "fast-check"
import type {
  DeleteResult,
  EntityManager,
  ObjectLiteral,
  UpdateResult,
  WhereExpressionBuilder,
} from "typeorm"

import type { EntityName } from "../model/description"
import { type Change, changes, applyChanges } from "./changes"
import { anyWhere, speakWhere, type Where } from "./condition"
import type { Speaker } from "./speaker"
import { addSteps, type Step, steps } from "./steps"

const VERBS = ["update", "delete", "softDelete", "restore", "increment", "decrement"] as const

/** A write to the rows that criteria choose, by a repository or a query builder. */
export interface CriteriaWrite {
  readonly kind: "criteriaWrite"
  readonly verb: (typeof VERBS)[number]
  readonly entity: EntityName
  readonly through: "builder" | "manager" | "repository"
  readonly where: Where
  readonly steps: readonly Step[]
  readonly changes: readonly Change[]
}

/** Every write by criteria. */
export function criteriaWrites(): fc.Arbitrary<CriteriaWrite> {
  const names: readonly EntityName[] = ["Person", "Person", "Club", "Visit"]
  return fc.oneof(
    ...names.map((entity) =>
      fc.record<CriteriaWrite>({
        kind: fc.constant("criteriaWrite"),
        verb:
          entity === "Person"
            ? fc.constantFrom("update", ...VERBS)
            : fc.constantFrom("update", "delete"),
        entity: fc.constant(entity),
        through: fc.constantFrom("builder", "manager", "repository"),
        where: anyWhere(entity),
        steps: steps({ entity, aliases: { "": entity }, nests: false }),
        changes: changes(entity),
      }),
    ),
  )
}

/** Makes the write on one of the models. */
export async function runCriteriaWrite(
  speaker: Speaker,
  manager: EntityManager,
  write: CriteriaWrite,
): Promise<unknown> {
  const { entity, verb, through } = write
  const patch = applyChanges(speaker, entity, {}, write.changes)
  if (through === "builder") return runBuilder(speaker, manager, write, patch)
  const where = speakWhere(speaker, entity, write.where)
  const isManager = through === "manager"
  const subject = (isManager ? manager : manager.getRepository(entity)) as unknown as Calls
  const target = isManager ? [entity] : []
  const more =
    verb === "update" ? [patch] : verb === "increment" || verb === "decrement" ? ["rank", 2] : []
  return summary(await subject[verb](...target, where, ...more))
}

type Calls = Record<CriteriaWrite["verb"], (...args: unknown[]) => Promise<UpdateResult>>

async function runBuilder(
  speaker: Speaker,
  manager: EntityManager,
  { entity, verb, steps: all }: CriteriaWrite,
  patch: ObjectLiteral,
): Promise<unknown> {
  const builder = manager.createQueryBuilder<ObjectLiteral>(entity, "root")
  const writing = {
    update: () => builder.update().set(patch),
    delete: () => builder.delete(),
    softDelete: () => builder.softDelete(),
    restore: () => builder.restore(),
    increment: () => builder.update().set({ rank: () => "rank + 2" }),
    decrement: () => builder.update().set({ rank: () => "rank - 2" }),
  }[verb]()
  const adding = { speaker, manager, builder: undefined, entity }
  addSteps(adding, writing as WhereExpressionBuilder, all)
  return summary(await writing.execute())
}

/** Results hold what drivers return as well, which no two drivers have alike. */
function summary({ affected }: DeleteResult | UpdateResult): unknown {
  return { affected }
}

import fc from "fast-check"
import type { EntityManager } from "typeorm"

import type { Variant } from "../model/variants"
import { type CriteriaWrite, criteriaWrites, runCriteriaWrite } from "./criteria-write"
import { type Find, finds, runFind } from "./find"
import { type Persist, persists, runPersist } from "./persist"
import { queries, type Query, runQuery } from "./query"
import type { Speaker } from "./speaker"

/** One call of TypeORM, in terms of both models. */
export type Operation = CriteriaWrite | Find | Persist | Query

/** What a case does, one call after the other. */
export interface Case {
  readonly operations: readonly Operation[]
  /** Whether in one transaction, and how that ends. */
  readonly transaction: "commit" | "none" | "rollback"
}

/** Every case of a variant. */
export function cases(variant: Variant): fc.Arbitrary<Case> {
  const reading = fc.oneof({ weight: 1, arbitrary: finds() }, { weight: 1, arbitrary: queries() })
  // Which of the unindexed rows a write indexes is not told apart from here on
  if (variant.unindexed) {
    return fc
      .oneof({ weight: 3, arbitrary: reading }, { weight: 1, arbitrary: criteriaWrites() })
      .map((one) => ({ operations: [one], transaction: "none" }))
  }
  const writing = fc.oneof<fc.Arbitrary<Operation>[]>(criteriaWrites(), persists())
  const single = fc
    .oneof({ weight: 3, arbitrary: reading }, { weight: 2, arbitrary: writing })
    .map((one): Case => ({ operations: [one], transaction: "none" }))
  const several = fc.record<Case>({
    operations: fc.array(fc.oneof(writing, writing, reading), { minLength: 2, maxLength: 3 }),
    transaction: fc.constantFrom("none", "commit", "rollback"),
  })
  return fc.oneof({ weight: 7, arbitrary: single }, { weight: 1, arbitrary: several })
}

/** Does one of them on one of the models. */
export function runOperation(
  speaker: Speaker,
  manager: EntityManager,
  operation: Operation,
): Promise<unknown> {
  switch (operation.kind) {
    case "find":
      return runFind(speaker, manager, operation)
    case "query":
      return runQuery(speaker, manager, operation)
    case "criteriaWrite":
      return runCriteriaWrite(speaker, manager, operation)
    case "persist":
      return runPersist(speaker, manager, operation)
  }
}

/** Whether an operation only reads. */
export function reads({ kind }: Operation): boolean {
  return kind === "find" || kind === "query"
}

/** Whether its result has an order that the case demands. */
export function isOrdered(operation: Operation): boolean {
  if (operation.kind === "find") return !operation.method.includes("By")
  return operation.kind === "query" && operation.select !== "group"
}

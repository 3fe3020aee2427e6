import type { EntityMetadata, ObjectLiteral, QueryBuilder } from "typeorm"

import { UnsupportedQueryError } from "../../errors"
import { type ExpressionMap, selectInternalsOf } from "../typeorm-internals"
import type { Recheck } from "./conditions"

/**
 * Has a query builder drop the entities that a truncated index found for another value, and cut the
 * page, if one was asked for, from what is left. Counts, raw results and streams are not checked.
 *
 * @param pending - asked each time the query is executed
 */
export function recheckResults(
  builder: QueryBuilder<ObjectLiteral>,
  pending: () => readonly Recheck[],
): void {
  const internals = selectInternalsOf(builder)
  const execute = internals.executeEntitiesAndRawResults.bind(builder)
  let found = 0
  internals.executeEntitiesAndRawResults = async (...args) => {
    const rechecks = pending()
    if (rechecks.length === 0) return execute(...args)
    const { expressionMap } = builder
    refuseLimit(expressionMap, rechecks)
    const { skip = 0, take } = expressionMap
    expressionMap.skip = expressionMap.take = undefined
    try {
      const results = await execute(...args)
      const { mainAlias } = expressionMap
      const entities = results.entities.filter((entity) =>
        rechecks.every((recheck) => passes(recheck, entity, mainAlias?.metadata)),
      )
      found = entities.length
      return { ...results, entities: entities.slice(skip, take && skip + take) }
    } finally {
      Object.assign(expressionMap, { skip, take })
    }
  }
  const getManyAndCount = internals.getManyAndCount.bind(builder)
  internals.getManyAndCount = async () => {
    const [entities, count] = await getManyAndCount()
    return [entities, pending().length === 0 ? count : found]
  }
}

/** The database would count the rows of other values in. */
function refuseLimit(map: ExpressionMap, [recheck]: readonly Recheck[]): void {
  const { limit, offset } = map
  if (!recheck || (limit === undefined && offset === undefined)) return
  const { property } = recheck.companion.index.members[0]
  throw new UnsupportedQueryError(
    property,
    `${property} has a blind index of few bits, whose results are checked after decryption, so ` +
      "limit() and offset() cannot choose among them. Use take() and skip().",
  )
}

function passes(
  { companion, exact }: Recheck,
  entity: ObjectLiteral,
  metadata: EntityMetadata | undefined,
): boolean {
  const values = companion.sources.map((source): unknown => source.getEntityValue(entity))
  if (values.includes(undefined)) {
    const { property } = companion.index.members[0]
    throw new UnsupportedQueryError(
      property,
      `${metadata?.name ?? "The entity"} was queried by a blind index of few bits, and its results ` +
        `cannot be checked without ${property}. Select it as well.`,
    )
  }
  return !values.includes(null) && exact.includes(companion.index.exact(values))
}

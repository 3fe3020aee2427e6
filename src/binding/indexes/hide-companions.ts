import type { DataSource, EntitySubscriberInterface, UpdateEvent } from "typeorm"

import { companionAt, companionsOf } from "./companion"

/**
 * Keeps companions out of what subscribers are told of an update: an audit would show marks of ours as
 * values. Those of one property are no part of it; those of several count as changed with any of them.
 */
export function hideCompanions({ entityMetadatas, subscribers }: DataSource): void {
  const metadatas = entityMetadatas.filter((metadata) =>
    companionsOf(metadata).some(({ sources }) => sources.length > 1),
  )
  // Before those of the application, which are told in this order
  subscribers.unshift(
    ...metadatas.map(({ target }): EntitySubscriberInterface => {
      return { listenTo: () => target, beforeUpdate: hide, afterUpdate: hide }
    }),
  )
}

/** All subscribers are given the same list. */
function hide({ updatedColumns }: UpdateEvent<unknown>): void {
  for (let i = updatedColumns.length - 1; i >= 0; i--) {
    const column = updatedColumns[i]
    if (column && companionAt(column)) updatedColumns.splice(i, 1)
  }
}

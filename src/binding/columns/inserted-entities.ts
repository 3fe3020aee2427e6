import type { EntityMetadata, ObjectLiteral } from "typeorm"

import type { ListenerMetadata } from "../typeorm-internals"

/** Not on the metadata, so that whoever prints a DataSource sees no entity there. */
const insertedOf = new WeakMap<EntityMetadata, WeakSet<ObjectLiteral>>()

/**
 * Returns the entities that a save is inserting at the moment, as opposed to those whose rows exist.
 * Of saves that were told not to call listeners, nothing is known.
 */
export function insertedEntities(metadata: EntityMetadata): WeakSet<ObjectLiteral> {
  const known = insertedOf.get(metadata)
  if (known) return known
  const inserted = watchInserts(metadata)
  insertedOf.set(metadata, inserted)
  return inserted
}

/** TypeORM asks every listener of an entity whether it is for it: these take note, and decline. */
function watchInserts(metadata: EntityMetadata): WeakSet<ObjectLiteral> {
  const inserted = new WeakSet<ObjectLiteral>()
  const enter = witness((entity) => inserted.add(entity))
  const leave = witness((entity) => inserted.delete(entity))
  metadata.beforeInsertListeners.push(enter)
  metadata.afterInsertListeners.push(leave)
  // An insert that failed may have left it there
  metadata.beforeUpdateListeners.push(leave)
  return inserted
}

function witness(note: (entity: ObjectLiteral) => unknown): ListenerMetadata {
  const listener: Pick<ListenerMetadata, "isAllowed"> = {
    isAllowed: (entity) => {
      note(entity)
      return false
    },
  }
  // TypeORM reads no more of one that declines
  return listener as ListenerMetadata
}

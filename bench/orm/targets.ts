import { atLeast, atMost } from "../report/target"

/** `find()` of rows with so many encrypted columns of five, against plain columns. */
export const findTargets = { 5: atMost(3.5, 2.7), 1: atMost(1.4, 1.2) } as const

/** The same with five encrypted columns of five, on SQLite. */
export const sqliteTarget = atMost(2.6, 2)

/** The same of five columns that are sealed, and not revealed. */
export const sealedTarget = atMost(1.7)

/** The same of five columns, against `typeorm-encrypted` doing the same job, by AES-256-GCM. */
export const peerTarget = atLeast(3, 4.5)

/** The same, against `typeorm-encrypted` doing less: AES-256-CBC authenticates nothing. */
export const unauthenticatedPeerTarget = atLeast(2.5, 4)

/** `insert()` of rows with five encrypted columns of five, against plain columns. */
export const insertTarget = atMost(1.8, 1.4)

/** `save()` of such entities that were loaded and not changed, against plain columns. */
export const saveTarget = atMost(1.5, 1.2)

/** UPDATE statements and encryptions of saving what was loaded and not changed. */
export const unchangedTarget = atMost(0)

import { atLeast, atMost } from "../report/target"

/** `find()` of rows with so many encrypted columns of five, against plain columns. */
export const findTargets = { 5: atMost(6.5, 4), 1: atMost(2.2, 1.6) } as const

/** The same of five columns that are sealed, and not revealed. */
export const sealedTarget = atMost(1.7)

/** The same, against `typeorm-encrypted` doing the same job. */
export const peerTarget = atLeast(2.5, 4)

/** UPDATE statements and encryptions of saving what was loaded and not changed. */
export const unchangedTarget = atMost(0)

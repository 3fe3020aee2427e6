import type { DecryptionError } from "../../errors"

/**
 * Says what a property holds whose cell cannot be read: `undefined` or `null`. Throws to have the
 * query fail.
 */
export type UnreadableHandler = (error: DecryptionError) => null | undefined

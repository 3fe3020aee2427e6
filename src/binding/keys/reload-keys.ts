import type { DataSource } from "typeorm"

import { type DecryptionError, EncryptionError } from "../../errors"
import type { BoundKeys } from "./bound-keys"
import { indexKeysOf, keysOf } from "./keys"

/**
 * Reads, and once more if a token opened under none of the keys and others could be fetched: the key it is
 * under may have been rolled a moment ago.
 */
export function readCatchingUp<Result>(
  dataSource: DataSource,
  read: () => Promise<Result>,
): Promise<Result> {
  const keys = keysOf(dataSource)
  return keys?.catchUp && keys.loaded ? readTwice(keys, read) : read()
}

async function readTwice<Result>(keys: BoundKeys, read: () => Promise<Result>): Promise<Result> {
  const before = keys.get()
  try {
    return await read()
  } catch (error) {
    const { reason } = error as Partial<DecryptionError>
    if (reason !== "unknown-key" || !(await keys.catchUp?.(before))) throw error
    return read()
  }
}

/** Options of `reloadKeys`. */
export interface ReloadOptions {
  /**
   * Uses the keys that are fetched and no others, in their order and at once: for a key that leaked, or when
   * nothing is under an old one any more. Defaults to `false`.
   */
  readonly forget?: boolean
}

/**
 * Has the keys of a DataSource fetched now, as `refreshKeys` of `withEncryption` has it done from time to
 * time.
 *
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` if the DataSource has no `refreshKeys`
 * @throws {@link KeyError} if no key can be had; those at work stay
 */
export async function reloadKeys(
  dataSource: DataSource,
  { forget = false }: ReloadOptions = {},
): Promise<void> {
  const keys = keysOf(dataSource)
  if (!keys?.reload) {
    throw new EncryptionError(
      "ERR_COLUMN_MISUSE",
      "Only the keys of a DataSource with refreshKeys are fetched again. Pass it to withEncryption().",
    )
  }
  await keys.reload(forget)
  await indexKeysOf(dataSource)?.reload?.(forget)
}

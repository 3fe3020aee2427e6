import type { DataSource } from "typeorm"

import {
  indexKeysFromEnv,
  indexKeysOf,
  Keys,
  keysOf,
  type KeySource,
} from "../binding/columns/keys"
import type { Keyring } from "../fernet/keyring"
import type { BulkColumn } from "./bulk-target"
import type { CheckedOptions } from "./options"

/** The keys of a run, fetched once. */
export interface RunKeys {
  /** Fingerprints of the keys that tokens are opened with, in order. */
  readonly fingerprints: readonly string[]
  /** Returns the keyring that the cells of a column are opened and made with. */
  ringFor(column: BulkColumn): Keyring
  /** The keys of blind indexes: those of the data, unless they have a ring of their own. */
  readonly indexRing: Keyring
}

/**
 * Fetches the keys of a run: those given, else those of the DataSource, else of the environment.
 *
 * @param isIndexed - whether there are blind indexes, whose keys are left alone otherwise
 */
export async function fetchKeys(
  dataSource: DataSource,
  { keyring, blindIndexKeyring }: CheckedOptions,
  isIndexed: boolean,
): Promise<RunKeys> {
  const ring = await fetchKeyring(keyring, keysOf(dataSource))
  const indexRing = isIndexed ? await fetchIndexRing(dataSource, blindIndexKeyring) : undefined
  return { fingerprints: ring.fingerprints, ringFor: () => ring, indexRing: indexRing ?? ring }
}

async function fetchIndexRing(
  dataSource: DataSource,
  given: KeySource | undefined,
): Promise<Keyring | undefined> {
  const [data, own] = [keysOf(dataSource), indexKeysOf(dataSource)]
  const source = given ?? (own ? undefined : indexKeysFromEnv())
  if (source !== undefined) return fetchKeyring(source, undefined)
  return own === data ? undefined : own?.get()
}

async function fetchKeyring(
  given: KeySource | undefined,
  bound: Keys | undefined,
): Promise<Keyring> {
  if (given === undefined && bound) return bound.get()
  const keys = new Keys(given, false)
  await keys.load()
  return keys.get()
}

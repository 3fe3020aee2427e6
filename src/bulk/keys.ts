import type { DataSource } from "typeorm"

import { ColumnRings } from "../binding/columns/column-rings"
import {
  indexKeysFromEnv,
  indexKeysOf,
  Keys,
  keysOf,
  type KeySource,
} from "../binding/columns/keys"
import { Keyring } from "../fernet/keyring"
import type { BulkColumn } from "./bulk-target"
import type { CheckedOptions } from "./options"

/** The keys of a run, fetched once. Everything in a run asks here which ring a cell is under. */
export interface RunKeys {
  /** Fingerprints of the keys that tokens are opened with, in order. */
  readonly fingerprints: readonly string[]
  /** Returns the ring that a batch's cells of a column are opened and made with. */
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
  const keys = await loadKeys(keyring, keysOf(dataSource))
  const indexRing = isIndexed ? await fetchIndexRing(dataSource, blindIndexKeyring) : undefined
  const rings = new Map<BulkColumn, ColumnRings>()
  return {
    fingerprints: keys.get().fingerprints,
    ringFor: (column) => {
      const known = rings.get(column) ?? new ColumnRings(column.label, keys, column.columnKey)
      rings.set(column, known)
      return known.of()
    },
    indexRing: indexRing ?? keys.get(),
  }
}

async function fetchIndexRing(
  dataSource: DataSource,
  given: KeySource | undefined,
): Promise<Keyring | undefined> {
  if (given !== undefined) return (await loadKeys(given, undefined)).get()
  const bound = indexKeysOf(dataSource)
  if (bound) {
    const ring = bound.get()
    return bound.areOwn ? ring : undefined
  }
  const keys = indexKeysFromEnv()
  return keys && new Keyring(keys)
}

async function loadKeys(given: KeySource | undefined, bound: Keys | undefined): Promise<Keys> {
  if (given === undefined && bound) return bound
  const keys = new Keys(given, false)
  await keys.load()
  return keys
}

import type { DataSource } from "typeorm"

import { ColumnRings } from "../binding/columns/column-rings"
import type { KeySource } from "../binding/keys/key-function"
import type { BoundKeys } from "../binding/keys/bound-keys"
import { indexKeysFromEnv, indexKeysOf, Keys, keysOf } from "../binding/keys/keys"
import { ColumnMisuseError } from "../errors"
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
  /** Whose they are, if each tenant has its own. */
  readonly tenant: string | undefined
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
  // What a run begins with it ends with, whatever is at work when a batch is done
  const ring = keys.get()
  const pinned = { ringFor: () => ring }
  const indexRing = isIndexed ? await fetchIndexRing(dataSource, blindIndexKeyring) : undefined
  const rings = new Map<BulkColumn, ColumnRings>()
  return {
    fingerprints: ring.fingerprints,
    ringFor: (column) => {
      const known = rings.get(column) ?? new ColumnRings(column.label, pinned, column.columnKey)
      rings.set(column, known)
      return known.of()
    },
    indexRing: indexRing ?? ring,
    tenant: keys.tenants?.tenant,
  }
}

/**
 * Refuses to change rows with the keys of one tenant that may be another's.
 *
 * @throws {@link ColumnMisuseError} unless the run is restricted to some rows
 */
export function requireOwnRows(
  label: string,
  { tenant }: RunKeys,
  { where, force }: Pick<CheckedOptions, "force" | "where">,
): void {
  if (tenant === undefined || where !== undefined || force) return
  throw new ColumnMisuseError([
    `${label} would be changed as a whole with the keys of one tenant. Restrict the run to its rows ` +
      "with `where`, or pass `force` if all rows are this tenant's.",
  ])
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

async function loadKeys(
  given: KeySource | undefined,
  bound: BoundKeys | undefined,
): Promise<BoundKeys> {
  if (given === undefined && bound) return bound
  const keys = new Keys(given, false)
  await keys.load()
  return keys
}

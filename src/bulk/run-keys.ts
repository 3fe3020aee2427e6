import type { DataSource } from "typeorm"

import {
  indexKeysFromEnv,
  indexKeysOf,
  Keys,
  keysOf,
  type KeySource,
} from "../binding/columns/keys"
import type { Keyring } from "../fernet/keyring"
import type { NamedTable } from "./bulk-target"
import { IndexWork } from "./index-work"
import type { CheckedOptions } from "./options"

/** Returns the keys of a run: those given, else those of the DataSource, else of the environment. */
export async function fetchKeyring(
  given: KeySource | undefined,
  bound: Keys | undefined,
): Promise<Keyring> {
  if (given === undefined && bound) return bound.get()
  const keys = new Keys(given, false)
  await keys.load()
  return keys.get()
}

/** The keys of blind indexes are those of the data, unless they have a ring of their own. */
export async function prepareIndexes(
  { columns, indexes }: NamedTable,
  { blindIndexKeyring }: CheckedOptions,
  dataSource: DataSource,
  keyring: Keyring,
): Promise<IndexWork | undefined> {
  if (indexes.length === 0) return undefined
  const [data, own] = [keysOf(dataSource), indexKeysOf(dataSource)]
  const source = blindIndexKeyring ?? (own ? undefined : indexKeysFromEnv())
  const bound = own === data ? undefined : own?.get()
  const ring = source === undefined ? bound : await fetchKeyring(source, undefined)
  return new IndexWork(indexes, columns, keyring, ring ?? keyring)
}

import type { DataSource } from "typeorm"

import { KeyError } from "../../errors"
import { hasKeysInEnv, keysFromEnv, variableInEnv } from "../../fernet/key-source"
import type { ColumnKeyMode } from "../../fernet/column-key"
import { Keyring } from "../../fernet/keyring"
import {
  type GivenKeys,
  isThenable,
  originOf,
  type KeySource,
  toFetchedKeys,
  toKeyError,
} from "./key-function"
import type { BoundIndexKeys, BoundKeys } from "./bound-keys"
import type { KeyRefreshOptions } from "./key-refresh"
import { RefreshingKeys } from "./refreshing-keys"
import { isTenantKeys, noTenant, type TenantKeys, type TenantRings } from "./tenant-keys"

/** The keys of the data and of the blind indexes, of which each tenant has its own. */
export class KeysOfTenants implements BoundIndexKeys {
  readonly origin = "TenantKeys"
  readonly fetchedAt = undefined
  readonly tenants: TenantKeys
  readonly #purpose: keyof TenantRings

  constructor(tenants: TenantKeys, purpose: keyof TenantRings) {
    this.tenants = tenants
    this.#purpose = purpose
  }

  /** They are fetched when work begins for a tenant. */
  load(): Promise<void> {
    if (!hasKeysInEnv(process.env, "BLIND_INDEX_KEY")) return Promise.resolve()
    return Promise.reject(
      new KeyError(
        "ERR_KEY_INVALID",
        "BLIND_INDEX_KEY or BLIND_INDEX_KEY_FILE is set, which would be one key for the blind indexes " +
          "of all tenants. Unset it, or return it as blindIndexKeyring from the function of TenantKeys.",
      ),
    )
  }

  /** Has a function called whenever keys of a tenant are fetched again or given up. */
  watch(changed: () => void): () => void {
    return this.tenants.watch(changed)
  }

  /** Whether work is being done for a tenant. */
  get loaded(): boolean {
    return this.tenants.rings !== undefined
  }

  /** Whether the tenant at work has others for its blind indexes. */
  get areOwn(): boolean {
    const { rings } = this.tenants
    return rings !== undefined && rings.index !== rings.data
  }

  /** Returns those of the tenant at work. @throws {@link KeyError} if there is none */
  get(): Keyring {
    const { rings } = this.tenants
    if (!rings) throw noTenant()
    return rings[this.#purpose]
  }

  /** Returns those of the tenant at work. @throws {@link KeyError} if there is none */
  ringFor(): Keyring {
    return this.get()
  }
}

/** Keys that all cells share. */
export class Keys implements BoundKeys {
  readonly #source: () => GivenKeys | Promise<GivenKeys>
  readonly #lazy: boolean
  readonly #origin: string
  #keyring: Keyring | undefined
  #fetchedAt: Date | undefined
  /** Why an asynchronous source gave no keys, which cannot be asked again when they are needed. */
  #failure: unknown

  /** @param origin - where they come from, if the source does not tell */
  constructor(source: KeySource | undefined, lazy: boolean, origin?: string) {
    const fetch = source ?? (() => Keyring.fromEnv())
    this.#source = typeof fetch === "function" ? fetch : () => fetch
    this.#origin = origin ?? originOf(source)
    this.#lazy = lazy
  }

  /**
   * Asks the source, anew at each call. With lazy keys a failure is left for `get` to report.
   *
   * @throws {@link KeyError} if no key can be had
   */
  async load(): Promise<void> {
    this.#keyring = undefined
    this.#fetchedAt = undefined
    this.#failure = undefined
    let isAsync = false
    try {
      const keys = this.#source()
      isAsync = isThenable(keys)
      this.#take(undatedKeyring(await keys))
    } catch (error) {
      if (!this.#lazy) throw toKeyError(error)
      if (isAsync) this.#failure = toKeyError(error)
    }
  }

  /** Where they come from. */
  get origin(): string {
    return this.#origin
  }

  /** Whether keys are at hand without asking the source. */
  get loaded(): boolean {
    return this.#keyring !== undefined
  }

  /**
   * Returns the keyring, asking the source once more if it had none and answers at once.
   *
   * @throws {@link KeyError} if there is still no key
   */
  get(): Keyring {
    return this.#keyring ?? this.#take(this.#fetchNow())
  }

  /** When they were fetched, if they were. */
  get fetchedAt(): Date | undefined {
    return this.#fetchedAt
  }

  /** Returns the keyring, whatever the cell. @throws {@link KeyError} as {@link Keys.get} does */
  ringFor(): Keyring {
    return this.get()
  }

  #take(keyring: Keyring): Keyring {
    this.#fetchedAt = new Date()
    return (this.#keyring = keyring)
  }

  #fetchNow(): Keyring {
    if (this.#failure !== undefined) throw missedKeys(this.#failure)
    try {
      const keys = this.#source()
      if (!isThenable(keys)) return undatedKeyring(keys)
      // Its outcome comes too late for this caller; unhandled, a rejection would end the process
      keys.then(undefined, () => undefined)
    } catch (error) {
      throw toKeyError(error)
    }
    throw missedKeys(undefined)
  }
}

/** Nobody would have the first of them encrypt when its time has come. */
function undatedKeyring(given: GivenKeys): Keyring {
  const { keyring, encryptFrom } = toFetchedKeys(given)
  if (encryptFrom === undefined) return keyring
  throw new KeyError(
    "ERR_KEY_INVALID",
    "Keys with encryptFrom need refreshKeys of withEncryption().",
  )
}

/** @param failure - what came of asking, if it was asked */
function missedKeys(failure: unknown): KeyError {
  return new KeyError(
    "ERR_KEY_MISSING",
    "The key function gave no keys while the DataSource initialized, and being asynchronous it " +
      "cannot be asked again now. Make the keys available and initialize the DataSource again.",
    failure === undefined ? {} : { cause: failure },
  )
}

/** Makes the keys of a source, which none is fetched of yet. */
export type MakeKeys = (source: KeySource | undefined, origin?: string) => BoundKeys

/**
 * The keys that blind indexes are derived from: those given, else those that the environment holds at
 * the moment they are fetched, else those of the data.
 */
export class IndexKeys implements BoundIndexKeys {
  readonly #given: KeySource | undefined
  readonly #data: BoundKeys
  readonly #make: MakeKeys
  #own: BoundKeys | undefined

  constructor(given: KeySource | undefined, data: BoundKeys, make: MakeKeys) {
    this.#given = given
    this.#data = data
    this.#make = make
  }

  /** Asks where they come from, anew at each call. @throws {@link KeyError} if no key can be had */
  async load(): Promise<void> {
    const source = this.#given ?? (hasIndexKeysInEnv() ? indexKeysOfEnv : undefined)
    const origin = this.#given === undefined ? variableInEnv("BLIND_INDEX_KEY") : undefined
    this.#own?.stop?.()
    this.#own = source && this.#make(source, origin)
    await this.#own?.load()
  }

  /** Whether they are others than those of the data, as it was when they were fetched. */
  get areOwn(): boolean {
    return this.#own !== undefined
  }

  /** Where they come from. */
  get origin(): string {
    return this.#keys.origin
  }

  /** When they were fetched, if they were. */
  get fetchedAt(): Date | undefined {
    return this.#keys.fetchedAt
  }

  /** Whether keys are at hand without asking. */
  get loaded(): boolean {
    return this.#keys.loaded
  }

  /** Returns the keyring. @throws {@link KeyError} if there is none */
  get(): Keyring {
    return this.#keys.get()
  }

  /** Returns the keyring, whatever the cell. @throws {@link KeyError} if there is none */
  ringFor(): Keyring {
    return this.get()
  }

  /** Asks again, if they are others than those of the data. */
  async reload(forget?: boolean): Promise<void> {
    await this.#own?.reload?.(forget)
  }

  /** Asks no more. */
  stop(): void {
    this.#own?.stop?.()
  }

  get #keys(): BoundKeys {
    return this.#own ?? this.#data
  }
}

function indexKeysOfEnv(): readonly string[] {
  return keysFromEnv(process.env, "BLIND_INDEX_KEY")
}

function hasIndexKeysInEnv(): boolean {
  return hasKeysInEnv(process.env, "BLIND_INDEX_KEY")
}

/** The options of a DataSource that say where its keys come from. */
export interface KeyOptions {
  readonly keyring?: KeySource | TenantKeys
  readonly blindIndexKeyring?: KeySource
  readonly refreshKeys?: KeyRefreshOptions
}

/** Binds the keys that options of a DataSource name, of which none is fetched yet. */
export function bindKeys(
  { keyring, blindIndexKeyring, refreshKeys }: KeyOptions,
  lazy: boolean,
): Pick<KeyRings, "data" | "index"> {
  if (isTenantKeys(keyring)) {
    return { data: new KeysOfTenants(keyring, "data"), index: new KeysOfTenants(keyring, "index") }
  }
  const make: MakeKeys = (source, origin) =>
    refreshKeys && !lazy
      ? new RefreshingKeys(source, refreshKeys, origin)
      : new Keys(source, lazy, origin)
  const data = make(keyring)
  return { data, index: new IndexKeys(blindIndexKeyring, data, make) }
}

/** The keys of one DataSource, by what they are for. */
interface KeyRings {
  readonly data: BoundKeys
  /** Those of blind indexes. */
  readonly index: BoundIndexKeys
  /** How columns that do not say it have keys of their own, if they do. */
  readonly columns?: ColumnKeyMode | undefined
}

/** Under `Symbol.for`, so that a second copy of the package sees what the first did. */
const KEYS = Symbol.for("typeorm-fernet.keys")

type WithKeys = DataSource & { [KEYS]?: KeyRings }

/** Leaves the keys on their DataSource. */
export function keepKeys(dataSource: DataSource, value: KeyRings): void {
  Object.defineProperty(dataSource, KEYS, { value })
}

/** Returns the keys of a DataSource that went through `withEncryption`. */
export function keysOf(dataSource: DataSource): BoundKeys | undefined {
  return (dataSource as WithKeys)[KEYS]?.data
}

/** Returns the keys that the blind indexes of such a DataSource are derived from. */
export function indexKeysOf(dataSource: DataSource): BoundIndexKeys | undefined {
  return (dataSource as WithKeys)[KEYS]?.index
}

/** Returns how columns of such a DataSource that do not say it have keys of their own, if they do. */
export function columnKeysOf(dataSource: DataSource): ColumnKeyMode | undefined {
  return (dataSource as WithKeys)[KEYS]?.columns
}

/** The keys of blind indexes that the environment holds, if it is to hold any. */
export function indexKeysFromEnv(): readonly string[] | undefined {
  return hasIndexKeysInEnv() ? indexKeysOfEnv() : undefined
}

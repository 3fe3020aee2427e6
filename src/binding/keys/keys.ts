import type { DataSource } from "typeorm"

import { KeyError } from "../../errors"
import { hasKeysInEnv, keysFromEnv, variableInEnv } from "../../fernet/key-source"
import type { ColumnKeyMode } from "../../fernet/column-key"
import { Keyring } from "../../fernet/keyring"
import { isThenable, type KeyringLike, type KeySource, toKeyError, toKeyring } from "./key-function"
import type { KeyResolver } from "./key-resolver"
import { isTenantKeys, noTenant, type TenantKeys, type TenantRings } from "./tenant-keys"

/** The keys of one DataSource, for one purpose: fetched while it initializes, had afterwards. */
export interface BoundKeys extends KeyResolver {
  /** Asks where they come from, anew at each call. @throws {@link KeyError} if no key can be had */
  load(): Promise<void>
  /** Whether keys are at hand without asking. */
  readonly loaded: boolean
  /** Returns the keyring of the moment. @throws {@link KeyError} if there is none */
  get(): Keyring
  /** Where they come from, for reports: as in `"ENCRYPTION_KEY"` or `"a function"`. */
  readonly origin: string
  /** When they were fetched; `undefined` before, and for those of tenants. */
  readonly fetchedAt: Date | undefined
  /** Those of the application's tenants, if each has its own. */
  readonly tenants?: TenantKeys
}

/** The keys that blind indexes are derived from. */
export interface BoundIndexKeys extends BoundKeys {
  /** Whether they are others than those of the data. */
  readonly areOwn: boolean
}

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
  readonly #source: () => KeyringLike | Promise<KeyringLike>
  readonly #lazy: boolean
  readonly #given: KeySource | undefined
  #keyring: Keyring | undefined
  #fetchedAt: Date | undefined
  /** Why an asynchronous source gave no keys, which cannot be asked again when they are needed. */
  #failure: unknown

  constructor(source: KeySource | undefined, lazy: boolean) {
    const fetch = source ?? (() => Keyring.fromEnv())
    this.#source = typeof fetch === "function" ? fetch : () => fetch
    this.#given = source
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
      this.#take(toKeyring(await keys))
    } catch (error) {
      if (!this.#lazy) throw toKeyError(error)
      if (isAsync) this.#failure = toKeyError(error)
    }
  }

  /** Where they come from. */
  get origin(): string {
    if (this.#given === undefined) return variableInEnv("ENCRYPTION_KEY")
    return typeof this.#given === "function" ? "a function" : "a Keyring"
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
      if (!isThenable(keys)) return toKeyring(keys)
      // Its outcome comes too late for this caller; unhandled, a rejection would end the process
      keys.then(undefined, () => undefined)
    } catch (error) {
      throw toKeyError(error)
    }
    throw missedKeys(undefined)
  }
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

/**
 * The keys that blind indexes are derived from: those given, else those that the environment holds at
 * the moment they are fetched, else those of the data.
 */
export class IndexKeys extends Keys implements BoundIndexKeys {
  readonly #found: { areOwn: boolean }
  readonly #origin: () => string

  constructor(given: KeySource | undefined, data: Keys, lazy: boolean) {
    const found = { areOwn: given !== undefined }
    const fetch = (): KeyringLike => {
      const own = indexKeysFromEnv()
      found.areOwn = own !== undefined
      return own ?? data.get()
    }
    super(given ?? fetch, lazy)
    this.#found = found
    this.#origin = () => {
      if (given !== undefined) return super.origin
      return found.areOwn ? variableInEnv("BLIND_INDEX_KEY") : data.origin
    }
  }

  /** Where they come from. */
  override get origin(): string {
    return this.#origin()
  }

  /** Whether they are others than those of the data, as it was when they were fetched. */
  get areOwn(): boolean {
    return this.#found.areOwn
  }
}

/** Binds the keys that options of a DataSource name, of which none is fetched yet. */
export function bindKeys(
  {
    keyring,
    blindIndexKeyring,
  }: { readonly keyring?: KeySource | TenantKeys; readonly blindIndexKeyring?: KeySource },
  lazy: boolean,
): Pick<KeyRings, "data" | "index"> {
  if (isTenantKeys(keyring)) {
    return { data: new KeysOfTenants(keyring, "data"), index: new KeysOfTenants(keyring, "index") }
  }
  const data = new Keys(keyring, lazy)
  return { data, index: new IndexKeys(blindIndexKeyring, data, lazy) }
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
  if (!hasKeysInEnv(process.env, "BLIND_INDEX_KEY")) return undefined
  return keysFromEnv(process.env, "BLIND_INDEX_KEY")
}

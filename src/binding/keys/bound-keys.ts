import type { Keyring } from "../../fernet/keyring"
import type { KeyResolver } from "./key-resolver"
import type { TenantKeys } from "./tenant-keys"

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
  /** Asks again, if they are ever asked for again. @throws {@link KeyError} if no key can be had */
  reload?(forget?: boolean): Promise<void>
  /**
   * Has a function called whenever keys are fetched again or given up, if they ever are.
   *
   * @returns what ends it
   */
  watch?(changed: () => void): () => void
  /** Asks no more. */
  stop?(): void
}

/** The keys that blind indexes are derived from. */
export interface BoundIndexKeys extends BoundKeys {
  /** Whether they are others than those of the data. */
  readonly areOwn: boolean
}

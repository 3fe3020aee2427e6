import { AsyncLocalStorage } from "node:async_hooks"

import { KeyError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import { type OptionNames, unknownOptions } from "../../unknown-options"
import { type KeyringLike, toKeyError, toKeyring } from "./key-function"

/** What is known of a tenant's keys: those of its cells, or these and those of its blind indexes. */
export type TenantKeySet =
  | KeyringLike
  | {
      readonly keyring: KeyringLike
      /** The keys that the tenant's blind indexes are derived from. Defaults to those of its cells. */
      readonly blindIndexKeyring?: KeyringLike
    }

/** Options of {@link TenantKeys}. */
export interface TenantKeyOptions {
  /** Tenants whose keys are kept, those that were used last. Defaults to 1,000. */
  readonly maxTenants?: number
  /** Seconds after which the keys of a tenant are fetched anew. Defaults to 300. */
  readonly maxAge?: number
}

const optionNames: OptionNames<TenantKeyOptions> = { maxTenants: true, maxAge: true }

/** The keys of one tenant, made into rings. */
export interface TenantRings {
  readonly data: Keyring
  readonly index: Keyring
}

interface AtWork extends TenantRings {
  readonly tenant: string
}

interface Kept {
  readonly rings: Promise<TenantRings>
  /** In milliseconds, on a clock that is never set. */
  readonly since: number
}

/**
 * The keys of an application whose tenants each have their own: given to `withEncryption` as its
 * `keyring`, they are had inside of {@link run} and nowhere else. What a tenant wrote is opened and
 * found for that tenant only.
 *
 * The tenant follows the asynchronous work that is begun inside, as `AsyncLocalStorage` has it, with
 * the keys it began with. Listeners that were added to an event emitter do not belong to it: where
 * one of a stream reads or writes values, give it `AsyncResource.bind`.
 *
 * @example
 * ```ts
 * const tenants = new TenantKeys((tenant) => secrets.fetch(`tenants/${tenant}`))
 * const dataSource = withEncryption(new DataSource(options), { keyring: tenants })
 * app.use((request, _, next) => tenants.run(request.tenant, next))
 * ```
 */
export class TenantKeys {
  /** By this mark a second copy of the package recognises the keys of the first. */
  readonly "@typeorm-fernet/tenants" = true
  readonly #fetch: (tenant: string) => TenantKeySet | Promise<TenantKeySet>
  readonly #maxTenants: number
  readonly #maxAge: number
  /** The one that was used last is last. */
  readonly #kept = new Map<string, Kept>()
  readonly #storage = new AsyncLocalStorage<AtWork>()
  readonly #watchers = new Set<() => void>()

  /**
   * @param fetch - returns the keys of a tenant, or a promise of them. Who is no tenant has it throw
   * @throws TypeError if the function is none or an option is unknown
   * @throws RangeError if an option is out of range
   */
  constructor(
    fetch: (tenant: string) => TenantKeySet | Promise<TenantKeySet>,
    options: TenantKeyOptions = {},
  ) {
    if (typeof (fetch as unknown) !== "function") {
      throw new TypeError("TenantKeys takes a function that fetches the keys of a tenant.")
    }
    for (const option of unknownOptions(options, optionNames)) {
      throw new TypeError(`TenantKeys was given an ${option}.`)
    }
    const { maxTenants = 1000, maxAge = 300 } = options
    if (!Number.isSafeInteger(maxTenants) || maxTenants < 1) {
      throw new RangeError("maxTenants must be a whole number, 1 or more.")
    }
    if (!(maxAge >= 0)) throw new RangeError("maxAge must be 0 seconds or more.")
    this.#fetch = fetch
    this.#maxTenants = maxTenants
    this.#maxAge = maxAge * 1000
  }

  /**
   * Does work for a tenant, with its keys, which are fetched first unless they are kept. Inside, work
   * for another tenant may be done by calling it again.
   *
   * @param tenant - what tells it from the others; not empty
   * @returns what the work returns
   * @throws TypeError if the tenant is no text, or empty
   * @throws {@link KeyError} if its keys cannot be had, and then nothing is done
   */
  async run<Result>(tenant: string, work: () => Promise<Result> | Result): Promise<Result> {
    if (typeof (tenant as unknown) !== "string" || tenant === "") {
      throw new TypeError("A tenant is a text that is not empty.")
    }
    const rings = await this.#ringsOf(tenant)
    return this.#storage.run({ tenant, ...rings }, work)
  }

  /** The tenant that work is being done for, if there is one. */
  get tenant(): string | undefined {
    return this.#storage.getStore()?.tenant
  }

  /**
   * Has keys fetched anew for the work that begins from now on.
   *
   * @param tenant - whose. Defaults to all
   */
  forget(tenant?: string): void {
    if (tenant === undefined) this.#kept.clear()
    else this.#kept.delete(tenant)
    this.#changed()
  }

  /**
   * Has a function called whenever keys are fetched again or given up. Returns what ends it.
   *
   * @internal
   */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => {
      this.#watchers.delete(changed)
    }
  }

  /**
   * The rings of the tenant at work, if there is one.
   *
   * @internal
   */
  get rings(): TenantRings | undefined {
    return this.#storage.getStore()
  }

  /** Those who ask at once share one answer; a failure is not kept. */
  #ringsOf(tenant: string): Promise<TenantRings> {
    const now = performance.now()
    const found = this.#kept.get(tenant)
    this.#kept.delete(tenant)
    const kept = found && now - found.since < this.#maxAge ? found : this.#begin(tenant, now)
    this.#kept.set(tenant, kept)
    const [oldest] = this.#kept.keys()
    const isTooMany = this.#kept.size > this.#maxTenants && oldest !== undefined
    if (isTooMany) this.#kept.delete(oldest)
    if (isTooMany || (found && found !== kept)) this.#changed()
    return kept.rings
  }

  #changed(): void {
    for (const changed of this.#watchers) changed()
  }

  #begin(tenant: string, since: number): Kept {
    const kept: Kept = { since, rings: this.#fetchRings(tenant) }
    kept.rings.catch(() => {
      if (this.#kept.get(tenant) === kept) this.#kept.delete(tenant)
    })
    return kept
  }

  async #fetchRings(tenant: string): Promise<TenantRings> {
    try {
      // Not for the tenant that happens to be at work
      const found = await this.#storage.exit(() => this.#fetch(tenant))
      const own = isSet(found) ? found : { keyring: found }
      const data = toKeyring(own.keyring)
      const index = own.blindIndexKeyring === undefined ? data : toKeyring(own.blindIndexKeyring)
      return { data, index }
    } catch (error) {
      throw toKeyError(error)
    }
  }
}

function isSet(found: TenantKeySet): found is Exclude<TenantKeySet, KeyringLike> {
  return typeof found === "object" && "keyring" in found
}

/** By a mark, since they may come from a second copy of the package. */
export function isTenantKeys(source: unknown): source is TenantKeys {
  return (source as Partial<TenantKeys> | undefined)?.["@typeorm-fernet/tenants"] === true
}

/** Says that there is no tenant whose keys could be taken. */
export function noTenant(): KeyError {
  return new KeyError(
    "ERR_KEY_MISSING",
    "Each tenant has its own keys, and this is not done for a tenant. Do it inside of " +
      "TenantKeys.run(tenant, work).",
  )
}

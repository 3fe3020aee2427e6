import { KeyError } from "../../errors"
import { Keyring } from "../../fernet/keyring"
import type { BoundKeys } from "./bound-keys"
import {
  type FetchedKeys,
  type KeySource,
  originOf,
  toFetchedKeys,
  toKeyError,
} from "./key-function"
import { KeyRefresh, type KeyRefreshOptions } from "./key-refresh"

/** How seldom keys are fetched because a token opened under none of them, in milliseconds. */
const REST = 10_000

/** Keys that all cells share, and that are fetched again while the DataSource is open. */
export class RefreshingKeys implements BoundKeys {
  readonly origin: string
  readonly #source: KeySource
  readonly #options: KeyRefreshOptions
  #refresh: KeyRefresh | undefined
  #keyring: Keyring | undefined
  #askedAt = -Infinity
  #catching: Promise<void> | undefined
  readonly #watchers = new Set<() => void>()

  constructor(source: KeySource | undefined, options: KeyRefreshOptions, origin?: string) {
    this.#source = source ?? (() => Keyring.fromEnv())
    this.#options = options
    this.origin = origin ?? originOf(source)
  }

  /** Asks where they come from, and begins to ask again. @throws {@link KeyError} if there is no key */
  async load(): Promise<void> {
    this.stop()
    this.#keyring = undefined
    const fetch = (): Promise<FetchedKeys> => this.#fetch()
    const use = (keyring: Keyring | undefined): void => {
      this.#keyring = keyring
      for (const changed of this.#watchers) changed()
    }
    const first = await fetch()
    this.#refresh = new KeyRefresh({ fetch, use }, this.#options, first)
  }

  /** Has a function called whenever keys were fetched, or are too old. Returns what ends it. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => {
      this.#watchers.delete(changed)
    }
  }

  /** Asks no more. The keys stay, for what still goes on. */
  stop(): void {
    this.#refresh?.stop()
  }

  /**
   * Asks now.
   *
   * @param forget - whether to use what is fetched and nothing else, at once
   * @throws {@link KeyError} if there is no key
   */
  async reload(forget = false): Promise<void> {
    await this.#refresh?.reload(forget)
  }

  /**
   * Asks because a token opened under none of the keys, unless that was done a moment ago. Whoever comes
   * while it is done shares the outcome.
   *
   * @param before - the keys that it opened under none of
   * @returns whether there are others now
   */
  async catchUp(before: Keyring): Promise<boolean> {
    const now = performance.now()
    if (this.#keyring === before && now - this.#askedAt >= REST) {
      this.#askedAt = now
      this.#catching = this.reload().catch(() => undefined)
    }
    if (this.#keyring === before) await this.#catching
    return this.#keyring !== before
  }

  /** Whether keys are at hand. */
  get loaded(): boolean {
    return this.#keyring !== undefined
  }

  /** When they were fetched last, if they were. */
  get fetchedAt(): Date | undefined {
    return this.#refresh?.fetchedAt
  }

  /** Returns the keyring. @throws {@link KeyError} if it could not be fetched again for too long */
  get(): Keyring {
    if (this.#keyring) return this.#keyring
    throw new KeyError(
      "ERR_KEY_MISSING",
      "The keys could not be fetched again within the maxAge of refreshKeys. See what the channel " +
        "typeorm-fernet:keys.reload says.",
    )
  }

  /** Returns the keyring, whatever the cell. @throws {@link KeyError} as {@link get} does */
  ringFor(): Keyring {
    return this.get()
  }

  async #fetch(): Promise<FetchedKeys> {
    try {
      const keys = typeof this.#source === "function" ? await this.#source() : this.#source
      return toFetchedKeys(keys)
    } catch (error) {
      throw toKeyError(error)
    }
  }
}

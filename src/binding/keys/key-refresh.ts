import { channel, tracingChannel } from "node:diagnostics_channel"

import { KeyError } from "../../errors"
import {
  fingerprintsBeyond,
  isSameKeyring,
  joinedKeyring,
  readsWhatIsWritten,
  withoutFirst,
} from "../../fernet/joined-keyring"
import type { Keyring } from "../../fernet/keyring"
import { type OptionNames, unknownOptions } from "../../unknown-options"
import type { FetchedKeys } from "./key-function"

/** How the keys of a DataSource are fetched again while it is open. All times are in seconds. */
export interface KeyRefreshOptions {
  /** Fetches keys again after so long, give or take a tenth. */
  readonly every: number
  /**
   * How long a key that comes first, and that this process did not have before, only decrypts and is
   * sought by, until other processes have fetched it as well. Defaults to twice `every`, and a tenth.
   */
  readonly promoteAfter?: number
  /**
   * How long keys are used that could not be fetched again; then whatever needs a key is an error.
   * Defaults to never.
   */
  readonly maxAge?: number
  /** How long the key function may take. Defaults to 30. */
  readonly timeout?: number
}

const optionNames: OptionNames<KeyRefreshOptions> = {
  every: true,
  promoteAfter: true,
  maxAge: true,
  timeout: true,
}

/** What timers take at most, in seconds. */
const LONGEST = 2_000_000

/** Returns what is wrong with options, worded to follow their name. */
export function keyRefreshMisuse(options: unknown): readonly string[] {
  if (typeof options !== "object" || options === null) return ["is no options"]
  const given = options as Record<string, unknown>
  const times = Object.keys(optionNames).filter(
    (name) => (given[name] !== undefined || name === "every") && !isTime(given[name]),
  )
  return [
    ...unknownOptions(options, optionNames).map((problem) => `has an ${problem}`),
    ...times.map((name) => `gives no number of seconds above 0 as ${name}`),
  ]
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value <= LONGEST
}

/**
 * What is published on the channel `typeorm-fernet:keys.reload` whenever keys were fetched again, or
 * could not be. Keys are named by their fingerprints.
 */
export interface KeysReloadEvent {
  /** Those at work from now on, in order; the first encrypts. */
  readonly keys: readonly string[]
  /** Those that were not there before. */
  readonly added: readonly string[]
  /** Those that the source does not give any more, and that go on to decrypt until they are forgotten. */
  readonly dropped: readonly string[]
  /** The one that is to encrypt, and when. */
  readonly waiting?: { readonly key: string; readonly until: Date }
  /** Why keys could not be fetched: the code and the message of a `KeyError`. */
  readonly error?: string
}

const reloads = channel("typeorm-fernet:keys.reload")

/** What the tracing channel `typeorm-fernet:keys.reload` is told of keys that are being fetched again. */
export interface KeysReloadTrace {
  /** Whether those that were fetched are to be used at once, and no others. */
  readonly forget: boolean
}

const attempts = tracingChannel<object, KeysReloadTrace>("typeorm-fernet:keys.reload")

/** Where keys come from, and where they go. */
export interface RefreshedKeys {
  /** @throws {@link KeyError} if no key can be had */
  readonly fetch: () => Promise<FetchedKeys>
  /** Puts other keys to work; `undefined` if the last ones are too old to be used. */
  readonly use: (keyring: Keyring | undefined) => void
}

/** Fetches keys again and again, and has a new one wait until others know it, too. */
export class KeyRefresh {
  readonly #keys: RefreshedKeys
  readonly #options: Required<KeyRefreshOptions>
  #current: Keyring
  #running: Promise<void> | undefined
  #next: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  #promotion:
    { readonly to: Keyring; readonly until: Date; readonly timer: NodeJS.Timeout } | undefined
  /** Whether the keys at work are too old to be used. */
  #expired = false
  #stopped = false
  #fetchedAt = new Date()

  /** @param first - what was fetched to begin with */
  constructor(keys: RefreshedKeys, options: KeyRefreshOptions, first: FetchedKeys) {
    const { every, promoteAfter = 2.2 * every, maxAge = Infinity, timeout = 30 } = options
    this.#keys = keys
    this.#options = { every, promoteAfter, maxAge, timeout }
    this.#current = first.keyring
    this.#renewed()
    this.#begin(first)
    this.#plan()
  }

  /** When the keys at work were fetched. */
  get fetchedAt(): Date {
    return this.#fetchedAt
  }

  /** Ends it. Keys stay as they are. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#next)
    clearTimeout(this.#expiry)
    clearTimeout(this.#promotion?.timer)
  }

  /**
   * Fetches the keys now. Who asks while they are being fetched shares the outcome.
   *
   * @param forget - whether to use those that were fetched and no others, at once
   * @throws {@link KeyError} if they cannot be had; those at work stay
   */
  reload(forget = false): Promise<void> {
    if (!forget) return this.#running ?? this.#run(this.#traced(false))
    // What is being fetched may be what is to be forgotten
    const before = this.#running?.catch(() => undefined) ?? Promise.resolve()
    return this.#run(before.then(() => this.#traced(true)))
  }

  #traced(forget: boolean): Promise<void> {
    return attempts.tracePromise(() => this.#reload(forget), { forget })
  }

  #run(reload: Promise<void>): Promise<void> {
    const running = reload.finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }

  async #reload(forget: boolean): Promise<void> {
    let fetched: FetchedKeys
    try {
      fetched = await inTime(this.#keys.fetch(), this.#options.timeout)
    } catch (error) {
      this.#publish({ added: [], dropped: [], error: describe(error) })
      throw error
    }
    if (this.#stopped) return
    this.#renewed()
    const before = this.#current
    const { keyring, encryptFrom } = fetched
    if (forget) this.#promote(keyring)
    else this.#take(keyring, encryptFrom)
    const [added, dropped] = [
      fingerprintsBeyond(keyring, before),
      fingerprintsBeyond(before, keyring),
    ]
    this.#publish({ added, dropped })
  }

  /** Whoever starts while a key waits cannot know, unless the source tells. */
  #begin({ keyring, encryptFrom }: FetchedKeys): void {
    const older = withoutFirst(keyring)
    if (!older || encryptFrom === undefined || encryptFrom.getTime() <= Date.now()) {
      this.#put(keyring)
      return
    }
    this.#put(joinedKeyring(older, keyring))
    this.#wait(keyring, encryptFrom)
  }

  #take(keyring: Keyring, encryptFrom: Date | undefined): void {
    const waiting = this.#promotion
    const goesOn = waiting !== undefined && isFirstOf(waiting.to, keyring)
    if (!goesOn && readsWhatIsWritten(this.#current, keyring)) {
      this.#promote(joinedKeyring(keyring, this.#current))
      return
    }
    this.#put(joinedKeyring(this.#current, keyring))
    const soonest = new Date(Date.now() + 1000 * this.#options.promoteAfter)
    this.#wait(keyring, encryptFrom ?? (goesOn ? waiting.until : soonest))
  }

  #wait(to: Keyring, until: Date): void {
    clearTimeout(this.#promotion?.timer)
    const rest = until.getTime() - Date.now()
    const timer = setTimeout(
      () => {
        if (until.getTime() > Date.now()) {
          this.#wait(to, until)
          return
        }
        this.#promote(joinedKeyring(to, this.#current))
        this.#publish({ added: [], dropped: [] })
      },
      Math.min(rest, 1000 * LONGEST),
    ).unref()
    this.#promotion = { to, until, timer }
  }

  #promote(keyring: Keyring): void {
    clearTimeout(this.#promotion?.timer)
    this.#promotion = undefined
    this.#put(keyring)
  }

  #put(keyring: Keyring): void {
    // Whatever was derived for a ring is kept by its identity
    if (!isSameKeyring(keyring, this.#current)) this.#current = keyring
    if (!this.#expired) this.#keys.use(this.#current)
  }

  #renewed(): void {
    clearTimeout(this.#expiry)
    this.#expired = false
    this.#fetchedAt = new Date()
    const { maxAge } = this.#options
    if (maxAge === Infinity) return
    this.#expiry = setTimeout(() => {
      this.#expired = true
      this.#keys.use(undefined)
    }, 1000 * maxAge).unref()
  }

  /** Not all processes at once. */
  #plan(): void {
    const spread = 0.9 + 0.2 * Math.random()
    this.#next = setTimeout(
      () => {
        // It was published, and the keys at work stay
        const reloaded = this.reload().catch(() => undefined)
        void reloaded.then(() => {
          if (!this.#stopped) this.#plan()
        })
      },
      1000 * this.#options.every * spread,
    ).unref()
  }

  #publish(event: Omit<KeysReloadEvent, "keys" | "waiting">): void {
    if (!reloads.hasSubscribers) return
    const { to, until } = this.#promotion ?? {}
    const [key] = to?.fingerprints ?? []
    reloads.publish({
      keys: this.#current.fingerprints,
      ...event,
      ...(key !== undefined && until && { waiting: { key, until } }),
    } satisfies KeysReloadEvent)
  }
}

function isFirstOf(one: Keyring, other: Keyring): boolean {
  const [first] = one.fingerprints
  return first === other.fingerprints[0]
}

/** What comes later is not used. */
async function inTime<Value>(promise: Promise<Value>, seconds: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new KeyError("ERR_KEY_MISSING", `The key function gave no keys within ${seconds} seconds.`),
      )
    }, 1000 * seconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A key function's own message may quote a key, and is not among these. */
function describe(error: unknown): string {
  const { message, code } = error as Partial<KeyError>
  return `${code ?? "ERR_KEY_MISSING"}: ${message ?? ""}`
}

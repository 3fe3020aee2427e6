import type { DataSource } from "typeorm"

import { KeyError } from "../../errors"
import { hasKeysInEnv, keysFromEnv } from "../../fernet/key-source"
import type { ColumnKeyMode } from "../../fernet/column-key"
import { Keyring } from "../../fernet/keyring"
import type { KeyResolver } from "./key-resolver"

/** A keyring, or the keys to make one of: one key, a comma-separated list, or an array. */
export type KeyringLike = Keyring | string | readonly string[]

/**
 * Where a DataSource gets its keys: a keyring, or a function that fetches them, which covers every
 * secret manager and is awaited inside `initialize()`.
 */
export type KeySource = Keyring | (() => KeyringLike | Promise<KeyringLike>)

/**
 * The keys of one DataSource: fetched while it initializes, had by its columns afterwards. One ring is
 * for all cells.
 */
export class Keys implements KeyResolver {
  readonly #source: () => KeyringLike | Promise<KeyringLike>
  readonly #lazy: boolean
  #keyring: Keyring | undefined
  /** Why an asynchronous source gave no keys, which cannot be asked again when they are needed. */
  #failure: unknown

  constructor(source: KeySource | undefined, lazy: boolean) {
    const fetch = source ?? (() => Keyring.fromEnv())
    this.#source = typeof fetch === "function" ? fetch : () => fetch
    this.#lazy = lazy
  }

  /**
   * Asks the source, anew at each call. With lazy keys a failure is left for `get` to report.
   *
   * @throws {@link KeyError} if no key can be had
   */
  async load(): Promise<void> {
    this.#keyring = undefined
    this.#failure = undefined
    let isAsync = false
    try {
      const keys = this.#source()
      isAsync = isThenable(keys)
      this.#keyring = toKeyring(await keys)
    } catch (error) {
      if (!this.#lazy) throw toKeyError(error)
      if (isAsync) this.#failure = toKeyError(error)
    }
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
    return (this.#keyring ??= this.#fetchNow())
  }

  /** Returns the keyring, whatever the cell. @throws {@link KeyError} as {@link Keys.get} does */
  ringFor(): Keyring {
    return this.get()
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
export class IndexKeys extends Keys {
  readonly #found: { areOwn: boolean }

  constructor(given: KeySource | undefined, data: Keys, lazy: boolean) {
    const found = { areOwn: given !== undefined }
    const fetch = (): KeyringLike => {
      const own = indexKeysFromEnv()
      found.areOwn = own !== undefined
      return own ?? data.get()
    }
    super(given ?? fetch, lazy)
    this.#found = found
  }

  /** Whether they are others than those of the data, as it was when they were fetched. */
  get areOwn(): boolean {
    return this.#found.areOwn
  }
}

/** The keys of one DataSource, by what they are for. */
interface KeyRings {
  readonly data: Keys
  /** Those of blind indexes. */
  readonly index: IndexKeys
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
export function keysOf(dataSource: DataSource): Keys | undefined {
  return (dataSource as WithKeys)[KEYS]?.data
}

/** Returns the keys that the blind indexes of such a DataSource are derived from. */
export function indexKeysOf(dataSource: DataSource): IndexKeys | undefined {
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

function isThenable(
  keys: KeyringLike | PromiseLike<KeyringLike>,
): keys is PromiseLike<KeyringLike> {
  return typeof (keys as Partial<PromiseLike<KeyringLike>> | undefined)?.then === "function"
}

function toKeyring(keys: KeyringLike): Keyring {
  if (typeof keys === "string") return new Keyring(keys.split(",").map((key) => key.trim()))
  return isKeyring(keys) ? keys : new Keyring(keys)
}

/** By its methods, since a keyring may come from a second copy of the package. */
function isKeyring(keys: Keyring | readonly string[]): keys is Keyring {
  return typeof (keys as Partial<Keyring> | undefined)?.fork === "function"
}

/** By its code, since a second copy of the package may have thrown it. */
function isKeyError(error: unknown): boolean {
  const { code } = (error ?? {}) as Partial<KeyError>
  return code === "ERR_KEY_MISSING" || code === "ERR_KEY_INVALID"
}

function toKeyError(error: unknown): unknown {
  if (isKeyError(error)) return error
  const cause = causeOf(error)
  const named = cause ? ` with ${cause.name}${cause.code ? ` (${cause.code})` : ""}` : ""
  return new KeyError(
    "ERR_KEY_MISSING",
    `The key function failed${named}, so there is no key.`,
    cause ? { cause } : {},
  )
}

/** What is kept of an error that a key function threw. */
class KeyFunctionError extends Error {
  readonly code: string | undefined

  constructor(name: string, code: string | undefined) {
    super("The message is not kept: it may quote a key.")
    this.name = name
    this.code = code
    // It would begin with a name of its own
    delete this.stack
  }
}

/** Shorter than a key, in whatever spelling. */
const IDENTIFIER = /^[A-Za-z][\w.-]{0,39}$/

/**
 * Keeps the name and the code of an error. Its message, its stack and whatever else a client or parser
 * hangs on it may quote what the source returned, and with it the key.
 */
function causeOf(error: unknown): KeyFunctionError | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, code } = error as Partial<Record<"code" | "name", unknown>>
  const named = (value: unknown): string | undefined =>
    typeof value === "string" && IDENTIFIER.test(value) ? value : undefined
  return new KeyFunctionError(named(name) ?? "Error", named(code))
}

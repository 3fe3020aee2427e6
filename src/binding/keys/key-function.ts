import { KeyError } from "../../errors"
import { variableInEnv } from "../../fernet/key-source"
import { Keyring } from "../../fernet/keyring"

/** A keyring, or the keys to make one of: one key, a comma-separated list, or an array. */
export type KeyringLike = Keyring | string | readonly string[]

/** Keys of which the first is to encrypt from a certain time on, and only decrypts until then. */
export interface DatedKeys {
  readonly keyring: KeyringLike
  readonly encryptFrom: Date
}

/** What a key function returns. */
export type GivenKeys = DatedKeys | KeyringLike

/**
 * Where a DataSource gets its keys: a keyring, or a function that fetches them, which covers every
 * secret manager and is awaited inside `initialize()`.
 */
export type KeySource = Keyring | (() => GivenKeys | Promise<GivenKeys>)

/** Says where keys come from. */
export function originOf(source: KeySource | undefined): string {
  if (source === undefined) return variableInEnv("ENCRYPTION_KEY")
  return typeof source === "function" ? "a function" : "a Keyring"
}

/** Whether keys are still to come. */
export function isThenable(
  keys: GivenKeys | PromiseLike<GivenKeys>,
): keys is PromiseLike<GivenKeys> {
  return typeof (keys as Partial<PromiseLike<GivenKeys>> | undefined)?.then === "function"
}

/** Keys that were fetched. */
export interface FetchedKeys {
  readonly keyring: Keyring
  /** From when on the first of them is to encrypt, where the source tells. */
  readonly encryptFrom: Date | undefined
}

/**
 * Makes a keyring of what a key function returned.
 *
 * @throws {@link KeyError} as the constructor of a keyring does
 * @throws TypeError if the date is none
 */
export function toFetchedKeys(keys: GivenKeys): FetchedKeys {
  if (typeof keys !== "object" || !("encryptFrom" in keys)) {
    return { keyring: toKeyring(keys), encryptFrom: undefined }
  }
  const { keyring, encryptFrom } = keys
  if (encryptFrom instanceof Date && !Number.isNaN(encryptFrom.getTime())) {
    return { keyring: toKeyring(keyring), encryptFrom }
  }
  throw new TypeError("encryptFrom is no date")
}

/**
 * Makes a keyring of what a key function returned.
 *
 * @throws {@link KeyError} as the constructor of a keyring does
 */
export function toKeyring(keys: KeyringLike): Keyring {
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

/** Returns the error for one that a key function threw: itself if it is of this package. */
export function toKeyError(error: unknown): unknown {
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

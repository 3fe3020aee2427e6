import type { KeySource } from "../binding/keys/key-function"
import { type OptionNames, unknownOptions } from "../unknown-options"
import type { Sample } from "./part"

/** Connections that a run works on unless told otherwise: one computes, one writes, one waits for a disk. */
export const DEFAULT_CONCURRENCY = 3

/** How far a run is. */
export interface BulkProgress {
  readonly table: string
  /** What is being done: `"change"` while cells are changed, `"audit"` while all are counted. */
  readonly phase: "audit" | "change"
  /** Rows dealt with in this phase, and how many there were when it began. */
  readonly done: number
  readonly total: number
  readonly changed: number
  readonly raced: number
  readonly failed: number
  readonly ratePerSecond: number
  readonly etaSeconds: number
}

/** Options of the bulk functions. */
export interface BulkOptions {
  /** The keys. Defaults to those of the DataSource, else to `Keyring.fromEnv()`. */
  readonly keyring?: KeySource
  /**
   * The keys of blind indexes, if they have a ring of their own. Defaults to that of the DataSource,
   * else to `BLIND_INDEX_KEY` or `BLIND_INDEX_KEY_FILE` if one of them is set, else to the keys.
   */
  readonly blindIndexKeyring?: KeySource
  /** Rows in a batch, each of which is one transaction. Defaults to 5,000. */
  readonly batchSize?: number
  /** Connections to work on at once, which take batches in turn. Defaults to 3; SQLite has 1. */
  readonly concurrency?: number
  /** Stops the run after the batch at hand. */
  readonly signal?: AbortSignal
  /** Told of the progress after every batch. */
  readonly onProgress?: (progress: BulkProgress) => void
  /** Finds out what would be done, and writes nothing. Defaults to `false`. */
  readonly dryRun?: boolean
  /** One of several parts of the table, for several processes at once. Defaults to all of it. */
  readonly shard?: { readonly index: number; readonly count: number }
  /** A raw SQL condition on the table, which is called `t` there, that restricts the run. */
  readonly where?: string
  /** Milliseconds to rest after each batch. Defaults to 0. */
  readonly pauseMs?: number
  /** Milliseconds to wait for a lock before a batch is tried again. Defaults to 200. */
  readonly lockTimeoutMs?: number
  /**
   * Runs although another run has this table, no token or index value in it is of these keys, or the
   * phase of the DataSource comes too early for it. Defaults to `false`.
   */
  readonly force?: boolean
  /**
   * On PostgreSQL, vacuums the table several times on the way, which then grows to twice its size
   * instead of three times. Not in a transaction. Defaults to `false`.
   */
  readonly vacuum?: boolean
  /**
   * Reads every cell once more when the change is done, to count states, to find what is unreadable,
   * and to encrypt plaintext that begins as tokens do. Defaults to `true`.
   */
  readonly audit?: boolean
}

/** Options of `encryptColumns`. */
export interface EncryptOptions extends BulkOptions {
  /**
   * Gives columns the types that the model, or the description, declares first, with every value
   * kept. On PostgreSQL this takes a moment from `varchar`; other types, and MySQL, have the table
   * copied and locked: a dry run says so. Defaults to `false`, which refuses columns that cannot hold
   * tokens, with the statements to run.
   */
  readonly alter?: boolean
  /**
   * Adds to every column, once no plaintext is left in it, a CHECK constraint that it is NULL or
   * begins as tokens do, so that neither raw SQL nor an old build brings plaintext back. Not on
   * SQLite. Defaults to `false`.
   */
  readonly constrain?: boolean
  /**
   * Rows whose cells are text although they look like tokens, and are reported as unreadable: their
   * primary keys, each as a report's `failures` have it. Defaults to none.
   */
  readonly asPlaintext?: readonly (readonly string[])[]
  /**
   * Encrypts plaintext that looks as if something else had encrypted it, as it is. Defaults to
   * `false`, which refuses to begin if there is some, and leaves what turns up later.
   */
  readonly wrapForeign?: boolean
  /**
   * Takes over cells by a `legacy` reader that does not authenticate them. Defaults to `false`, which
   * refuses to begin if there are some, and tells of how many in a sample it could and could not read.
   */
  readonly trustLegacy?: boolean
}

/** Options of `decryptColumns`. */
export interface DecryptOptions extends BulkOptions {
  /**
   * Types to give columns when they are all plaintext again, by their names in the database:
   * `{ phone: "varchar(20)" }`. Not on SQLite. Defaults to leaving the types as they are.
   */
  readonly restoreTypes?: Readonly<Record<string, string>>
}

/** Options of `verifyColumns`. */
export interface VerifyOptions extends BulkOptions {
  /** Looks at about so much of the table, at random. Defaults to all of it. */
  readonly sample?: Sample
}

/** The names of {@link BulkOptions}. */
export const bulkOptionNames: OptionNames<BulkOptions> = {
  keyring: true,
  blindIndexKeyring: true,
  batchSize: true,
  concurrency: true,
  signal: true,
  onProgress: true,
  dryRun: true,
  shard: true,
  where: true,
  pauseMs: true,
  lockTimeoutMs: true,
  force: true,
  vacuum: true,
  audit: true,
}

/** The names of {@link EncryptOptions}. */
export const encryptOptionNames: OptionNames<EncryptOptions> = {
  ...bulkOptionNames,
  alter: true,
  constrain: true,
  asPlaintext: true,
  wrapForeign: true,
  trustLegacy: true,
}

/** The names of {@link DecryptOptions}. */
export const decryptOptionNames: OptionNames<DecryptOptions> = {
  ...bulkOptionNames,
  restoreTypes: true,
}

/** The names of {@link VerifyOptions}. */
export const verifyOptionNames: OptionNames<VerifyOptions> = { ...bulkOptionNames, sample: true }

/**
 * Refuses what a bulk function would pass over in silence.
 *
 * @throws TypeError naming the nearest, if an option is none of `known`
 */
export function requireKnown(
  what: string,
  given: object,
  known: Readonly<Record<string, true>>,
): void {
  for (const option of unknownOptions(given, known)) {
    throw new TypeError(`${what} was given an ${option}.`)
  }
}

/** Options with their defaults, checked. */
export type CheckedOptions = BulkOptions &
  Required<
    Pick<
      BulkOptions,
      | "audit"
      | "batchSize"
      | "concurrency"
      | "dryRun"
      | "force"
      | "lockTimeoutMs"
      | "pauseMs"
      | "vacuum"
    >
  >

/**
 * Fills in the defaults.
 *
 * @throws TypeError if `shard` has an unknown part
 * @throws RangeError if a number is out of range
 */
export function checkOptions(options: BulkOptions): CheckedOptions {
  const {
    batchSize = 5000,
    concurrency = DEFAULT_CONCURRENCY,
    pauseMs = 0,
    lockTimeoutMs = 200,
    shard,
  } = options
  requireWhole("batchSize", batchSize, 1)
  requireWhole("concurrency", concurrency, 1)
  requireWhole("pauseMs", pauseMs, 0)
  requireWhole("lockTimeoutMs", lockTimeoutMs, 1)
  if (shard) {
    requireKnown("shard", shard, { index: true, count: true })
    requireWhole("shard.count", shard.count, 1)
    requireWhole("shard.index", shard.index, 0)
    if (shard.index >= shard.count) throw new RangeError("shard.index must be below shard.count.")
  }
  const { dryRun = false, force = false, audit = true, vacuum = false } = options
  const switches = { dryRun, force, audit, vacuum }
  return { ...options, batchSize, concurrency, pauseMs, lockTimeoutMs, ...switches }
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`${name} must be a whole number, ${least} or more.`)
}

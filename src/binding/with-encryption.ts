import type { DataSource, ObjectLiteral } from "typeorm"

import { columnKeyModeNames, columnKeyOf, isColumnKeyMode } from "../column/column-key"
import { declarationOf } from "../column/declaration"
import { isPhase, phaseNames, type PlaintextPhase, writesPlaintext } from "../column/phase"
import { ColumnMisuseError, type DecryptionError, EncryptionError } from "../errors"
import { driverFacts } from "../dialect/driver-facts"
import { type OptionNames, unknownOptions } from "../unknown-options"
import type { ColumnKeyMode } from "../fernet/column-key"
import { BoundColumn } from "./columns/bound-column"
import { DocumentColumn, type DocumentStorage } from "./columns/document-column"
import { ReadAhead } from "./columns/read-ahead"
import type { ColumnRings } from "./columns/column-rings"
import { guardQueryBuilders } from "./queries/guard-query-builders"
import { keepStringPolicy, type StringPolicy } from "./queries/unanswered-strings"
import { proveSeams } from "./startup/canary"
import { bindColumnMetadata } from "./columns/column-seam"
import { guardDerivedColumn } from "./columns/derived-columns"
import { declareCheck } from "./schema/declare-check"
import { guardSchema } from "./schema/guard-schema"
import { declareCompanions } from "./indexes/declare-companions"
import { hideCompanions } from "./indexes/hide-companions"
import { wrapDriver } from "./driver-seam"
import { FetchedRows } from "./columns/fetched-rows"
import { KeptPlaintexts } from "./columns/kept-plaintexts"
import { QuietStatements } from "./columns/quiet-statements"
import { UnreadableCells } from "./columns/unreadable-cells"
import type { UnreadableHandler } from "./columns/unreadable-handler"
import { redactNotFound } from "./queries/not-found"
import type { KeySource } from "./keys/key-function"
import { type KeyRefreshOptions, keyRefreshMisuse } from "./keys/key-refresh"
import type { KeyResolver } from "./keys/key-resolver"
import { bindKeys, keepKeys, keysOf } from "./keys/keys"
import { isTenantKeys, type TenantKeys } from "./keys/tenant-keys"
import { placeOf } from "./columns/column-place"
import type { BeforeReveal } from "./columns/reveals"
import { primaryKeyOf } from "./columns/row-name"
import { tokenLimit } from "./schema/token-limit"
import { checkAtStart, type StartupCheck } from "./startup/startup-check"
import { isTypeormCli } from "./startup/typeorm-cli"
import { findMisuse } from "./startup/validate"
import {
  assertBindable,
  assertInternals,
  type ColumnMetadata,
  internalsOf,
} from "./typeorm-internals"

/** Options of `withEncryption`. */
export interface EncryptionOptions {
  /**
   * The keys: a keyring, or a sync or async function that fetches them, asked at each
   * `initialize()`; or {@link TenantKeys}, where each tenant has its own. Defaults to
   * `Keyring.fromEnv()`, which reads `ENCRYPTION_KEY` or `ENCRYPTION_KEY_FILE`.
   */
  readonly keyring?: KeySource | TenantKeys

  /**
   * The keys that blind indexes are derived from, if they are to have a ring of their own, so that
   * rotating the keys of the data leaves the indexes as they are. Defaults to `BLIND_INDEX_KEY` or
   * `BLIND_INDEX_KEY_FILE` if one of them is set, and else to `keyring`. Those of tenants come with
   * the others.
   */
  readonly blindIndexKeyring?: KeySource

  /**
   * `"allow"` returns legacy plaintext as it is, while tables are being encrypted; `"keep"` and
   * `"index"` also go on to write it, for rolling deployments: see {@link PlaintextPhase}. A column may
   * say otherwise. Defaults to `"reject"`.
   */
  readonly plaintext?: PlaintextPhase

  /**
   * Gives every column keys of its own, derived from these, so that a token copied from one column into
   * another does not open. `"only"` takes no other tokens and is for new tables; `"ready"` and
   * `"moving"` lead tables there that have tokens: see {@link ColumnKeyMode}. A column may say
   * otherwise. Defaults to none: all columns share the keys.
   */
  readonly columnKeys?: ColumnKeyMode

  /**
   * Lets `initialize()` succeed without keys, which are then demanded at the first value: for schema
   * and migration commands where no secrets are at hand. `"cli"` does so in TypeORM's own commands only,
   * so that an application with the same DataSource still does not start without keys. Defaults to
   * `false`.
   */
  readonly lazyKeys?: boolean | "cli"

  /**
   * The zone that the application wrote timestamps without one in, by its name as in
   * `"America/New_York"` or as an offset: that of its Node process, unless the driver was told
   * otherwise. MySQL and MariaDB take `"UTC"` or an offset as in `"+02:00"`. By it the
   * schema step makes instants of a filled column that becomes encrypted with the codec `"date"`.
   * Defaults to none, and refuses them.
   */
  readonly timestampZone?: string

  /**
   * What a property holds whose cell cannot be read, so that one bad row does not take its list down:
   * it is given the error, which names the row and never the cell, and returns `undefined` or `null`,
   * or throws. The property counts as not loaded: no `save`, `insert`, `upsert` or `update` of that
   * entity writes it unless it is given a value. Not asked where no cell of the column in the result
   * opens, since then the keys are wrong and not the row, nor where results are checked against a
   * blind index of few bits. Defaults to throwing the error.
   */
  readonly onUnreadable?: UnreadableHandler

  /**
   * What is done about strings of query builders that say of an encrypted column what nothing answers:
   * `"throw"` refuses the statement; `"warn"`, for the first release on a code base that may have such
   * strings, sends them as they are and publishes each on the channel
   * `typeorm-fernet:string.unanswered`. They then hold what is sought in plaintext, and find what the
   * database makes of ciphertext. Defaults to `"throw"`.
   */
  readonly strings?: StringPolicy

  /**
   * Has the key functions asked again while the DataSource is open, so that a key that was rolled needs no
   * restart. A new key that comes first decrypts, and encrypts only later, when other processes have it as
   * well. Defaults to asking once.
   */
  readonly refreshKeys?: KeyRefreshOptions

  /**
   * Is asked before `initialize()` resolves, migrations and all; if it throws, the DataSource is destroyed
   * and `initialize()` rejects with it. `assertEncryption` proves that stored values open, so that the
   * wrong key of an environment is noticed before the first login. Left out in TypeORM's own commands, and
   * in those of this package. Defaults to none.
   */
  readonly startupCheck?: StartupCheck

  /**
   * Is asked, and waited for, before a sealed value is revealed: no record, no value. `reveal()` and
   * `use()` then throw, and `revealRecorded()` and `useRecorded()` take their place. Defaults to none.
   */
  readonly beforeReveal?: BeforeReveal
}

const optionNames: OptionNames<EncryptionOptions> = {
  keyring: true,
  blindIndexKeyring: true,
  plaintext: true,
  columnKeys: true,
  lazyKeys: true,
  timestampZone: true,
  onUnreadable: true,
  strings: true,
  startupCheck: true,
  refreshKeys: true,
  beforeReveal: true,
}

/**
 * Gives the encrypted columns of a DataSource their keys, and returns the same DataSource. Call it
 * before `initialize()`, which then validates the model, fetches the keys and proves that values
 * are encrypted; it rejects, before any statement is sent, if one of these fails. Nothing outside
 * this DataSource changes, and the binding survives `destroy()` and `initialize()`.
 *
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` if the DataSource is initialized already, or
 * was given to `withEncryption` before; `ERR_SEAM_BROKEN` if it is not of a TypeORM that is supported
 *
 * @example
 * ```ts
 * export const dataSource = withEncryption(new DataSource({ type: "postgres", entities: [User] }))
 * await dataSource.initialize()
 * ```
 */
export function withEncryption<Source extends DataSource>(
  dataSource: Source,
  options: EncryptionOptions = {},
): Source {
  const internals = internalsOf(dataSource)
  if (dataSource.isInitialized) {
    throw misuse("withEncryption() came after initialize(); call it before.")
  }
  if (keysOf(dataSource)) {
    throw misuse("withEncryption() was called twice with the same DataSource; call it once.")
  }
  for (const option of unknownOptions(options, optionNames)) {
    throw misuse(`withEncryption() was given an ${option}.`)
  }
  const given = options as Record<string, unknown>
  const { plaintext, columnKeys, timestampZone, onUnreadable, strings, startupCheck } = given
  if (plaintext !== undefined && !isPhase(plaintext)) {
    throw misuse(`The option plaintext of withEncryption() is none of ${phaseNames}.`)
  }
  if (columnKeys !== undefined && !isColumnKeyMode(columnKeys)) {
    throw misuse(`The option columnKeys of withEncryption() is none of ${columnKeyModeNames}.`)
  }
  if (timestampZone !== undefined && !isTimeZone(timestampZone)) {
    throw misuse("The option timestampZone of withEncryption() is no time zone.")
  }
  if (onUnreadable !== undefined && typeof onUnreadable !== "function") {
    throw misuse("The option onUnreadable of withEncryption() is no function.")
  }
  if (strings !== undefined && strings !== "throw" && strings !== "warn") {
    throw misuse('The option strings of withEncryption() is neither "throw" nor "warn".')
  }
  if (isTenantKeys(options.keyring) && options.blindIndexKeyring !== undefined) {
    throw misuse(
      "withEncryption() was given TenantKeys and a blindIndexKeyring for all tenants; return it for " +
        "each from the function of TenantKeys.",
    )
  }
  if (startupCheck !== undefined && typeof startupCheck !== "function") {
    throw misuse("The option startupCheck of withEncryption() is no function.")
  }
  if (given.beforeReveal !== undefined && typeof given.beforeReveal !== "function") {
    throw misuse("The option beforeReveal of withEncryption() is no function.")
  }
  for (const problem of refreshMisuse(options)) {
    throw misuse(`The option refreshKeys of withEncryption() ${problem}.`)
  }
  const lazyKeys = options.lazyKeys === "cli" ? isTypeormCli() : (options.lazyKeys ?? false)
  const { data: keys, index: indexKeys } = bindKeys(options, lazyKeys)
  keepKeys(dataSource, { data: keys, index: indexKeys, columns: options.columnKeys })
  keepStringPolicy(dataSource, options.strings ?? "throw")
  assertBindable(dataSource)
  const buildMetadatas = internals.buildMetadatas.bind(dataSource)
  const fetched = new FetchedRows()
  const kept = new KeptPlaintexts()
  const reading = { keys, fetched, kept, cells: new UnreadableCells(fetched, options.onUnreadable) }
  let wrapped = false
  internals.buildMetadatas = async () => {
    await buildMetadatas()
    assertInternals(dataSource)
    const problems = findMisuse(dataSource, options)
    if (problems.length > 0) throw new ColumnMisuseError(problems)
    await keys.load()
    await indexKeys.load()
    kept.begin(keys)
    bindColumns(dataSource, options, reading)
    declareCompanions(dataSource, indexKeys)
    hideCompanions(dataSource)
    // Not earlier, so that what others wrapped before initialize() is inside; and only once
    if (!wrapped) wrapDataSource(dataSource, options, fetched)
    wrapped = true
    await proveSeams(dataSource)
  }
  if (options.startupCheck) checkAtStart(dataSource, options.startupCheck)
  const destroy = dataSource.destroy.bind(dataSource)
  dataSource.destroy = async () => {
    keys.stop?.()
    indexKeys.stop?.()
    kept.end()
    await destroy()
  }
  return dataSource
}

function refreshMisuse({ refreshKeys, keyring }: EncryptionOptions): readonly string[] {
  if (refreshKeys === undefined) return []
  if (isTenantKeys(keyring)) return ["is not for TenantKeys, which have a maxAge"]
  if (typeof keyring === "object") return ["needs a function that fetches keys, not a Keyring"]
  return keyRefreshMisuse(refreshKeys)
}

function isTimeZone(zone: unknown): boolean {
  if (typeof zone !== "string") return false
  if (/^[+-]\d\d:\d\d$/.test(zone)) return true
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function misuse(problem: string): EncryptionError {
  return new EncryptionError("ERR_COLUMN_MISUSE", problem)
}

/** What cells are read with. */
interface CellReading {
  readonly keys: KeyResolver
  readonly fetched: FetchedRows
  readonly cells: UnreadableCells
  readonly kept: KeptPlaintexts
}

function bindColumns(
  dataSource: DataSource,
  options: EncryptionOptions,
  { keys, fetched, cells, kept }: CellReading,
): void {
  const family = new Set<ColumnRings>()
  for (const metadata of dataSource.entityMetadatas) {
    for (const column of metadata.columns) {
      const declaration = declarationOf(column.transformer)
      if (!declaration) {
        guardDerivedColumn(dataSource, metadata, column)
        continue
      }
      const place = placeOf(metadata, column)
      const phase = declaration.plaintext ?? options.plaintext ?? "reject"
      const scheme = {
        property: `${metadata.name}.${column.propertyPath}`,
        declaration,
        phase,
        tokenLimit: tokenLimit(column, dataSource.options.type),
        timestampZone: options.timestampZone,
        columnKey: columnKeyOf(declaration.columnKey, options.columnKeys, place),
        family,
        keeps: (wipe: () => void) => {
          kept.add(wipe)
        },
        primaryKeyOf: (entity: ObjectLiteral) => primaryKeyOf(metadata, entity),
        beforeReveal: options.beforeReveal,
        resolveUnreadable: (error: DecryptionError, cell: unknown) =>
          cells.resolve(error, cell, column),
      }
      const bound = declaration.paths
        ? new DocumentColumn({ ...scheme, ...documentStorage(dataSource, column) }, keys, fetched)
        : new BoundColumn(scheme, keys, (source) => new ReadAhead({ ...source, fetched }))
      bindColumnMetadata(column, bound, metadata)
      if (declaration.constrained && !writesPlaintext(phase))
        declareCheck(metadata, column, dataSource.options.type)
    }
  }
}

function documentStorage({ options }: DataSource, column: ColumnMetadata): DocumentStorage {
  const isJson = column.type === "json" || column.type === "jsonb"
  return {
    isParsed: isJson && driverFacts(options.type).syntax === "postgres",
    limitsBytes: !column.length,
  }
}

function wrapDataSource(
  dataSource: DataSource,
  options: EncryptionOptions,
  fetched: FetchedRows,
): void {
  wrapDriver(dataSource.driver, new QuietStatements(dataSource))
  guardQueryBuilders(dataSource, { strings: options.strings ?? "throw", fetched })
  guardSchema(dataSource, { timeZone: options.timestampZone })
  redactNotFound(dataSource)
}

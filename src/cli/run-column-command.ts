import type { DataSource } from "typeorm"

import { indexKeysFromEnv, keysOf } from "../binding/keys/keys"
import type { BulkTarget } from "../bulk/bulk-target"
import {
  type BulkOptions,
  DEFAULT_CONCURRENCY,
  type DecryptOptions,
  type EncryptOptions,
  type VerifyOptions,
} from "../bulk/options"
import { joinReports } from "../bulk/joined-tenants"
import type { BulkReport } from "../bulk/report"
import type { TenantKeys } from "../binding/keys/tenant-keys"
import { Keyring } from "../fernet/keyring"
import type { ChangeCommandOptions, ColumnCommandOptions } from "./column-options"
import { describeError } from "./describe-error"
import { exitCodes, UsageError } from "./exit-code"
import { Interruption, signalExitCode } from "./interruption"
import { openDisplay, type ProgressDisplay } from "./progress-display"
import type { EncryptedTable } from "../bulk/encrypted-tables"
import { selectTables } from "./select-tables"
import { useDataSource } from "./use-data-source"

/** The options of the bulk functions, of which each reads its own. */
export type TableOptions = DecryptOptions & EncryptOptions & VerifyOptions

/** What distinguishes the commands on columns. */
export interface ColumnCommand<Options extends ColumnCommandOptions> {
  readonly name: string
  /** What it does to a table, as in `"encrypting"`. */
  readonly doing: string
  readonly run: (
    dataSource: DataSource,
    target: BulkTarget,
    options: TableOptions,
  ) => Promise<BulkReport>
  /** Options beyond the common ones; may throw to stop the command before it begins. */
  readonly prepare?: (
    options: Options,
    dataSource: DataSource,
    table: EncryptedTable,
  ) => Promise<TableOptions>
  /** Whether it may look with the keys of several tenants. Defaults to `false`. */
  readonly takesTenants?: boolean
  /** Whether a table calls for exit code 1. */
  readonly fails: (report: BulkReport, options: Options) => boolean
  /** Renders reports for people. */
  readonly render: (
    reports: readonly BulkReport[],
    keys: readonly string[],
    tables: readonly EncryptedTable[],
  ) => string
}

/** What a command prints with `--json`. */
export interface ColumnCommandResult {
  readonly command: string
  /** Fingerprints of the keyring, in order; the first key encrypts. */
  readonly keys: readonly string[]
  /** Whether everything that was asked for was dealt with. */
  readonly completed: boolean
  readonly exitCode: number
  /** The signal that stopped the command. */
  readonly interrupted?: string
  readonly error?: { readonly code?: string; readonly message: string }
  readonly tables: readonly BulkReport[]
}

const STOPPED = "Stopped; nothing is lost. Run the same command again to go on."

/** What a command found and did, while it runs. */
interface Findings {
  keys: readonly string[]
  selected: readonly EncryptedTable[]
  readonly reports: BulkReport[]
}

/** What a command has at hand while it runs. */
interface Running {
  readonly display: ProgressDisplay
  readonly interruption: Interruption
  readonly findings: Findings
}

/** What ended a command before its time; anything can be thrown. */
interface Failure {
  readonly error: unknown
}

/**
 * Runs a command on every table selected, prints its result and sets the exit code. With `--json`
 * an error is part of the result; else it is thrown, after the result of the tables before it.
 */
export async function runColumnCommand<Options extends ColumnCommandOptions>(
  command: ColumnCommand<Options>,
  options: Options,
): Promise<void> {
  const { json = false } = options
  const display = openDisplay(process.stderr, command.doing, json)
  // A second signal must not leave the terminal as the bar has it
  process.once("exit", display.close.bind(display))
  const interruption = new Interruption(() => {
    display.say("stopping", "Finishing the batch in hand. A second signal stops at once.")
  })
  const findings: Findings = { keys: [], selected: [], reports: [] }
  let failure: Failure | undefined
  try {
    await runTables(command, options, { display, interruption, findings })
  } catch (error) {
    failure = { error }
  }
  interruption.close()
  display.close()
  const result = sumUp(command, options, findings, interruption, failure)
  for (const { table } of result.tables.filter((report) => matchesNothing(report, options))) {
    display.say("unmatched", `No row of ${table} passes --where: nothing was looked at.`)
  }
  process.exitCode = result.exitCode
  process.stdout.write(
    json
      ? `${JSON.stringify(result)}\n`
      : command.render(result.tables, result.keys, findings.selected),
  )
  if (result.interrupted) display.say("stopped", STOPPED)
  if (!failure) return
  if (!json) throw failure.error
  display.say("error", describeError(failure.error).message)
}

async function runTables<Options extends ColumnCommandOptions>(
  command: ColumnCommand<Options>,
  options: Options,
  running: Running,
): Promise<void> {
  const connections = options.concurrency ?? DEFAULT_CONCURRENCY
  await useDataSource(options.dataSource, connections, async (dataSource) => {
    const tenants = tenantsOf(dataSource, command, options)
    if (!tenants) return runOn(dataSource, command, options, running)
    const { findings, ...others } = running
    const found: Findings[] = []
    for (const tenant of options.tenant ?? []) {
      const own: Findings = { keys: [], selected: [], reports: [] }
      found.push(own)
      await tenants.run(tenant, () =>
        runOn(dataSource, command, options, { ...others, findings: own }),
      )
    }
    join(findings, found)
  })
}

/** Returns the keys of tenants, if the command is to work with those of one or more. */
function tenantsOf<Options extends ColumnCommandOptions>(
  dataSource: DataSource,
  { name, takesTenants = false }: ColumnCommand<Options>,
  { tenant: names = [] }: Options,
): TenantKeys | undefined {
  const tenants = keysOf(dataSource)?.tenants
  if (!tenants && names.length > 0) {
    throw new UsageError("The DataSource has no TenantKeys: leave --tenant out.")
  }
  if (tenants && names.length === 0) {
    throw new UsageError("Each tenant has its own keys: name one with --tenant.")
  }
  if (names.length > 1 && !takesTenants) {
    throw new UsageError(`${name} works for one --tenant at a time.`)
  }
  return tenants
}

/** What was found of the same tables for one tenant after the other. */
function join(findings: Findings, found: readonly Findings[]): void {
  findings.keys = found.flatMap(({ keys }) => keys)
  findings.selected = found[0]?.selected ?? []
  for (const i of findings.selected.keys()) {
    const [first, ...others] = found.flatMap(({ reports }) => reports[i] ?? [])
    if (first) findings.reports.push(joinReports([first, ...others]))
  }
}

async function runOn<Options extends ColumnCommandOptions>(
  dataSource: DataSource,
  { run, prepare }: ColumnCommand<Options>,
  options: Options,
  { display, interruption: { signal }, findings }: Running,
): Promise<void> {
  const keyring = keyringOf(dataSource, display)
  findings.keys = keyring.fingerprints
  const tables = selectTables(dataSource, options)
  findings.selected = tables
  const common = { ...bulkOptions(options), ...unboundKeys(dataSource, keyring), signal }
  const onProgress = display.show.bind(display)
  const prepared: TableOptions[] = []
  for (const table of tables) prepared.push((await prepare?.(options, dataSource, table)) ?? {})
  for (const [i, { target }] of tables.entries()) {
    if (signal.aborted) break
    const own = { ...common, onProgress, ...prepared[i] }
    findings.reports.push(await run(dataSource, target, own))
  }
}

function keyringOf(dataSource: DataSource, display: ProgressDisplay): Keyring {
  const keys = keysOf(dataSource)
  if (keys) return keys.get()
  display.say("keys", "The DataSource is not withEncryption(); taking keys of the environment.")
  return Keyring.fromEnv()
}

/** Fetched once for all tables, whatever becomes of the environment; bound ones are so already. */
function unboundKeys(
  dataSource: DataSource,
  keyring: Keyring,
): Pick<BulkOptions, "blindIndexKeyring" | "keyring"> {
  if (keysOf(dataSource)) return {}
  const keys = indexKeysFromEnv()
  return { keyring, blindIndexKeyring: keys ? new Keyring(keys) : keyring }
}

function bulkOptions(
  options: ColumnCommandOptions & Partial<ChangeCommandOptions>,
): EncryptOptions {
  const { batch, concurrency, pause, lockTimeout, shard, where, audit, vacuum } = options
  return {
    ...(batch !== undefined && { batchSize: batch }),
    ...(concurrency !== undefined && { concurrency }),
    ...(pause !== undefined && { pauseMs: pause }),
    ...(lockTimeout !== undefined && { lockTimeoutMs: lockTimeout }),
    ...(shard && { shard }),
    ...(where !== undefined && { where }),
    ...(audit !== undefined && { audit }),
    ...(vacuum !== undefined && { vacuum }),
    force: options.force ?? false,
    dryRun: (options.dryrun ?? false) || (options.check ?? false),
  }
}

function sumUp<Options extends ColumnCommandOptions>(
  { name, fails }: ColumnCommand<Options>,
  options: Options,
  { keys, selected, reports }: Findings,
  { received }: Interruption,
  failure: Failure | undefined,
): ColumnCommandResult {
  const completed =
    !failure && reports.length === selected.length && reports.every((report) => report.completed)
  const interrupted = completed || failure ? undefined : received
  const failed = reports.some((report) => fails(report, options) || matchesNothing(report, options))
  return {
    command: name,
    keys,
    completed,
    exitCode: exitCodeOf(failed, interrupted, failure),
    ...(interrupted && { interrupted }),
    ...(failure && { error: describeError(failure.error) }),
    tables: reports,
  }
}

/** Without counts, rows that have nothing to change were not looked at either. */
function matchesNothing(
  { completed, rows, columns }: BulkReport,
  { where }: ColumnCommandOptions,
): boolean {
  const isCounted = Object.keys(columns).length > 0
  return where !== undefined && completed && isCounted && rows === 0
}

function exitCodeOf(
  failed: boolean,
  interrupted: Interruption["received"],
  failure: Failure | undefined,
): number {
  if (failure) return failure.error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  if (interrupted) return signalExitCode(interrupted)
  return failed ? exitCodes.failed : exitCodes.done
}

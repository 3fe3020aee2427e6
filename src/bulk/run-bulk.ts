import { setTimeout as sleep } from "node:timers/promises"

import { keysOf } from "../binding/columns/keys"
import type { BulkTable, Dialect, RowFilter } from "../dialect/dialect"
import type { Session } from "../dialect/dialect-of"
import { EncryptionError } from "../errors"
import type { Keyring } from "../fernet/keyring"
import { type BulkTarget, nameTable, type NamedTable } from "./bulk-target"
import type { CellWork } from "./cell-work"
import type { ColumnWork } from "./column-work"
import { fitColumns, type NamedDescription, type TypeDemands } from "./column-types"
import type { RowWork } from "./decision"
import { constrainedColumns } from "./constrain-columns"
import type { CompanionDemand, IndexWork } from "./index-work"
import { type BulkOptions, type BulkProgress, type CheckedOptions, checkOptions } from "./options"
import { alreadyRunning, describeTable, requireRightIndexKeys, requireRightKeys } from "./preflight"
import { ProgressMeter } from "./progress-meter"
import { requireFaithful } from "./rehearsal"
import { type BulkReport, Tally } from "./report"
import { SharedRange } from "./shared-range"
import { fetchKeyring, prepareIndexes } from "./run-keys"
import { sweep } from "./sweep"
import { requireVacuum, Vacuum } from "./vacuum"
import type { Worker } from "./worker"
import {
  type BulkSource,
  closeWorkers,
  dataSourceOf,
  isQueryRunner,
  openWorkers,
  type Workers,
} from "./workers"

/** What distinguishes the bulk functions. */
export interface BulkJob {
  /** The rows that have something to change; `undefined` if nothing is to be changed. */
  readonly filter: RowFilter | undefined
  readonly work: (keyring: Keyring) => CellWork
  /** The same for whole columns, which is faster. */
  readonly columnWork: (keyring: Keyring) => ColumnWork
  /** What becomes of companion cells. Defaults to nothing. */
  readonly companions?: CompanionDemand
  /** Whether columns that cannot hold what cells become are refused or altered. */
  readonly types: TypeDemands
  /** Changes the table's definition before the first cell, and after the last if all went well. */
  readonly before?: (session: Session, table: NamedDescription) => Promise<readonly string[]>
  readonly after?: (session: Session, table: NamedDescription) => Promise<readonly string[]>
}

/** Everything a run knows once it has begun. */
interface Run extends NamedDescription {
  readonly job: BulkJob
  readonly options: CheckedOptions
  readonly keyring: Keyring
  readonly indexWork: IndexWork | undefined
  readonly workers: Workers
  readonly tally: Tally
  readonly statements: string[]
}

/** Runs a job on a table: checks first, then the change in batches, then the audit. */
export async function runBulk(
  source: BulkSource,
  target: BulkTarget,
  givenOptions: BulkOptions,
  job: BulkJob,
): Promise<BulkReport> {
  const options = checkOptions(givenOptions)
  const dataSource = dataSourceOf(source)
  const named = nameTable(dataSource, target)
  const keyring = await fetchKeyring(options.keyring, keysOf(dataSource))
  const indexWork = await prepareIndexes(named, options, dataSource, keyring)
  const workers = await openWorkers(source, options)
  try {
    if (options.vacuum) await requireVacuum(workers[0])
    const [described, statements] = await workers[0].run((session) =>
      describeFit(session, named, keyring, options, job.types),
    )
    const tally = new Tally(
      named.columns.map(({ label }) => label),
      keyring.fingerprints,
      named.indexes.map(({ label }) => label),
    )
    const known = { ...described, job, options, keyring, indexWork, workers, tally }
    const run = { ...known, statements: [...statements] }
    const report = await underLock(await sharded(run), runPhases)
    if (isQueryRunner(source) && job.filter !== undefined) requireComplete(report)
    return report
  } finally {
    await closeWorkers(workers)
  }
}

async function describeFit(
  session: Session,
  named: NamedTable,
  keyring: Keyring,
  { where, dryRun, force }: CheckedOptions,
  { grows, alter }: TypeDemands,
): Promise<readonly [NamedDescription, statements: readonly string[]]> {
  const describe = async (): Promise<NamedDescription> => ({
    ...(await describeTable(session, named, where)),
    label: named.label,
    name: named.path.at(-1) ?? named.label,
  })
  const described = await describe()
  const alters = alter && !dryRun
  // With the wrong keys not even a type is changed
  if (alters && !force) await requireRightKeys(session, textOf(described), keyring)
  const statements = await fitColumns(session, described, { grows, alter: alters })
  return [statements.length === 0 ? described : await describe(), statements]
}

/** The table with those of its encrypted columns that can hold tokens by now. */
function textOf({ table, facts }: NamedDescription): BulkTable {
  const columns = table.columns.filter((_, i) => facts[i]?.isText)
  return { ...table, columns, companions: [] }
}

/** A migration that left something behind must not be recorded as done. */
function requireComplete({ table, failed, failures, completed }: BulkReport): void {
  if (completed && failed === 0) return
  const [first] = failures
  const example = first ? ` The first, at key ${first.key.join(", ")}: ${first.problem}` : ""
  throw new EncryptionError(
    "ERR_BULK_INCOMPLETE",
    `${failed} cells of ${table} could not be dealt with in this migration.${example}`,
  )
}

async function sharded(run: Run): Promise<Run> {
  const { table, options, workers } = run
  const { shard } = options
  if (!shard || shard.count === 1) return run
  return workers[0].run(({ dialect }) => {
    const condition = dialect.shardCondition(table, shard.index, shard.count)
    if (condition === undefined) {
      throw new EncryptionError("ERR_UNSUPPORTED_DATABASE", "This database cannot shard a table.")
    }
    const where = table.where === undefined ? condition : `(${table.where}) AND ${condition}`
    return Promise.resolve({ ...run, table: { ...table, where } })
  })
}

async function underLock(run: Run, locked: (run: Run) => Promise<BulkReport>): Promise<BulkReport> {
  const { table, options, job, workers } = run
  if (options.force || job.filter === undefined) return locked(run)
  const { index, count } = options.shard ?? { index: 0, count: 1 }
  const [worker] = workers
  const lock = ({ connection, dialect }: Session): ReturnType<Dialect["tryLock"]> =>
    dialect.tryLock(connection, table, `${index}/${count}`, worker.inTransaction)
  const unlock = await worker.run(lock)
  if (!unlock) throw alreadyRunning(table)
  const held: { unlock: typeof unlock | undefined } = { unlock }
  // A connection that is lost takes the lock with it. The server may think that it still is there:
  // then the run goes on without, which costs time at worst
  worker.onReconnect(async (session) => {
    held.unlock = await lock(session)
  })
  try {
    return await locked(run)
  } finally {
    await held.unlock?.().catch(() => undefined)
  }
}

async function runPhases(run: Run): Promise<BulkReport> {
  const { job, options, tally, table, keyring, indexWork, workers, statements } = run
  const [first] = workers
  if (job.filter !== undefined && !options.force) {
    await first.run((session) => requireRightKeys(session, table, keyring))
    if (indexWork && job.companions === "written") {
      await first.run((session) => requireRightIndexKeys(session, table, keyring, indexWork))
    }
  }
  if (job.filter !== undefined && !options.dryRun) {
    await requireFaithful(first, table, job.filter, { ...run, ...rowWork(run) })
  }
  const alter = async (change: BulkJob["before"]): Promise<void> => {
    if (change && !options.dryRun) statements.push(...(await first.run((s) => change(s, run))))
  }
  await alter(job.before)
  let completed = true
  // A dry run leaves all there is to do to the audit, which would count it once more
  const audited = options.dryRun && options.audit
  if (job.filter !== undefined && !audited) completed = await runPhase(run, "change", job.filter)
  if (completed && options.audit) completed = await runPhase(run, "audit", "all")
  if (completed && tally.failed === 0) await alter(job.after)
  const constrained = await first.run((session) => constrainedColumns(session, run))
  const { dryRun } = options
  return tally.report(run.label, { completed, dryRun, constrained, statements })
}

function rowWork({
  job,
  keyring,
  indexWork,
}: Run): Pick<RowWork, "companions" | "indexWork" | "work"> {
  return { work: job.work(keyring), indexWork, companions: job.companions ?? "kept" }
}

async function runPhase(
  run: Run,
  phase: BulkProgress["phase"],
  filter: RowFilter,
): Promise<boolean> {
  const { label, job, options, keyring, workers, table, columns, indexes, tally } = run
  if (options.signal?.aborted) return false
  const { rows: total, longest } = await workers[0].run(({ connection, dialect }) =>
    dialect.count(connection, table, filter),
  )
  const meter = new ProgressMeter(label, phase, total, tally, options.onProgress)
  let stopped = false
  const vacuum =
    options.vacuum && !options.dryRun && phase === "change" ? new Vacuum(table, tally) : undefined
  const onBatch = async (rows: number, worker: Worker): Promise<boolean> => {
    meter.advance(rows)
    await vacuum?.afterBatch(worker, total)
    // An abort cuts the rest short
    const { pauseMs, signal } = options
    if (!stopped && pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    if (signal?.aborted) stopped = true
    return !stopped
  }
  const audit = phase === "audit"
  const plan = {
    ...{ table, columns, indexes, keyring, filter, tally, onBatch, audit, longest },
    ...rowWork(run),
    columnWork: job.columnWork(keyring),
    last: audit || !options.audit,
    batchSize: options.batchSize,
    dryRun: options.dryRun,
  }
  if (total === 0) return true
  const shared = new SharedRange()
  // A worker without a batch of its own would only ask for the end
  const busy = workers.slice(0, Math.ceil(total / options.batchSize))
  const sweeps = busy.map(async (worker) => {
    try {
      return await sweep(plan, worker, shared)
    } catch (error) {
      stopped = true
      throw error
    }
  })
  const results = await Promise.allSettled(sweeps)
  const failure = results.find((result) => result.status === "rejected")
  if (failure) throw failure.reason
  return results.every((result) => result.status === "fulfilled" && result.value)
}

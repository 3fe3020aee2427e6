import { setTimeout as sleep } from "node:timers/promises"

import type { RowFilter } from "../dialect/dialect"
import { StatementError } from "../dialect/statement-error"
import type { Session } from "../dialect/session"
import { EncryptionError } from "../errors"
import { type BulkTarget, nameTable, type NamedTable } from "./bulk-target"
import {
  type BulkSource,
  closeWorkers,
  dataSourceOf,
  isQueryRunner,
  openWorkers,
  type Workers,
} from "./connection/pool"
import type { Worker } from "./connection/worker"
import { asFitted, constrainedColumns, fitColumns, type TypeDemands } from "./definition"
import { driftOf } from "./drift"
import { fetchKeys, requireOwnRows, type RunKeys } from "./keys"
import { type BulkOptions, type BulkProgress, type CheckedOptions, checkOptions } from "./options"
import type { CellJob } from "./pass/cells"
import { type CompanionDemand, Companions } from "./pass/companions"
import type { Decider } from "./pass/decision"
import { type Pass, passOver } from "./pass/pass"
import { SharedRange } from "./pass/reader"
import { partOf, type Sample } from "./part"
import {
  type DescribedTable,
  describeTable,
  requireRightIndexKeys,
  requireRightKeys,
} from "./preflight"
import { ProgressMeter } from "./progress-meter"
import { type BulkReport, type PlannedStatement, Tally } from "./report"
import { leaveRestored } from "./restored-columns"
import { underLock } from "./under-lock"
import { findUses, type FoundUse, requireUnreferenced, withUses } from "./uses"
import { requireVacuum, Vacuum } from "./vacuum"
import { requireWholeTable } from "./whole-table"

/** Changes the definition of a table, and returns the statements that were run. */
type DefinitionChange = (
  session: Session,
  table: DescribedTable,
  inTransaction: boolean,
) => Promise<readonly string[]>

/** What distinguishes the bulk functions. */
export interface BulkJob {
  /** The rows that have something to change; `undefined` if nothing is to be changed. */
  readonly filter: RowFilter | undefined
  readonly cells: CellJob
  /** What becomes of companion cells. */
  readonly demand: CompanionDemand
  /** How much of the table to look at. Defaults to all of it. */
  readonly sample?: Sample | undefined
  /** Whether columns that cannot hold what cells become are refused or altered. */
  readonly types: TypeDemands
  /** Refuses, before anything is written, what there is in the table. */
  readonly preflight?: (session: Session, table: DescribedTable, decider: Decider) => Promise<void>
  /** What is done when a batch was dealt with. */
  readonly afterBatch?: (session: Session, inTransaction: boolean) => Promise<void>
  /** Changes the table's definition before the first cell, and after the last if all went well. */
  readonly before?: DefinitionChange
  readonly after?: DefinitionChange
  /** Says what `after` would run. */
  readonly planAfter?: (
    session: Session,
    table: DescribedTable,
    inTransaction: boolean,
  ) => Promise<readonly PlannedStatement[]>
}

/** Everything a run knows once it has begun. */
interface Run extends DescribedTable {
  readonly job: BulkJob
  readonly options: CheckedOptions
  readonly decider: Decider
  readonly workers: Workers
  readonly tally: Tally
  readonly uses: readonly FoundUse[]
  /** Labels of the columns that are left alone, since they have their types back. */
  readonly restored: readonly string[]
  readonly statements: string[]
  /** What a dry run would change of the table's definition. */
  readonly planned: PlannedStatement[]
}

/** Runs a job on a table: checks first, then the change in batches, then the audit. */
export async function runBulk(
  source: BulkSource,
  target: BulkTarget,
  givenOptions: BulkOptions,
  job: BulkJob,
): Promise<BulkReport> {
  const options = checkOptions(givenOptions)
  if (job.filter === undefined && !options.audit) {
    throw new TypeError("What only looks does nothing without the audit; leave `audit` out.")
  }
  const dataSource = dataSourceOf(source)
  const named = nameTable(dataSource, target)
  const keys = await fetchKeys(dataSource, options, named.indexes.length > 0)
  if (job.filter !== undefined) requireOwnRows(named.label, keys, options)
  const workers = await openWorkers(source, options)
  try {
    if (options.vacuum) await requireVacuum(workers[0])
    const uses: FoundUse[] = []
    const restored: string[] = []
    const statements: string[] = []
    const planned: PlannedStatement[] = []
    const described = await workers[0].run((session) =>
      describeFit(session, workers[0].inTransaction, {
        ...{ named, keys, options, uses, restored, statements, planned },
        ...{ types: job.types, writes: job.filter !== undefined && !options.dryRun },
        needsCompanions: job.filter !== undefined || job.demand !== "kept",
      }),
    )
    const { indexes } = described
    const columns = named.columns.filter(({ label }) => !restored.includes(label))
    const decider = {
      ...{ columns: described.columns, indexes, keys, job: job.cells, demand: job.demand },
      limits: described.facts,
      companions: new Companions(indexes, columns, keys.indexRing),
    }
    const labels = [columns, indexes].map((all) => all.map(({ label }) => label))
    const tally = new Tally(labels[0] ?? [], keys.fingerprints, labels[1])
    const table = await workers[0].run((session) =>
      partOf(session, described.table, options.shard, job.sample),
    )
    const done = { uses, restored, statements, planned }
    const run = { ...described, table, job, options, decider, workers, tally, ...done }
    if (restored.length > 0 && columns.length === 0) return reportRestored(run)
    const report =
      options.force || job.filter === undefined
        ? await runPhases(run)
        : await underLock(workers[0], source, run, () => runPhases(run))
    if (isQueryRunner(source) && job.filter !== undefined) requireComplete(report)
    return report
  } catch (error) {
    throw error instanceof StatementError ? error.about(named.label) : error
  } finally {
    await closeWorkers(workers)
  }
}

/** There is nothing left to look at. */
function reportRestored({ label, tally, options: { dryRun }, restored }: Run): BulkReport {
  const none = { constrained: [], drift: [], uses: [], statements: [] }
  return tally.report(label, { ...none, completed: true, counted: false, dryRun, restored })
}

/** Describes the table when its columns can hold what they are going to hold. */
async function describeFit(
  session: Session,
  inTransaction: boolean,
  { named, keys, options, types, writes, needsCompanions, ...found }: Fitting,
): Promise<DescribedTable> {
  const { where, dryRun, force } = options
  const { uses, restored, statements, planned } = found
  const left = types.restored
    ? await leaveRestored(session, inTransaction, named, types.restored)
    : { named, restored: [] }
  restored.push(...left.restored)
  const describe = (): Promise<DescribedTable> =>
    describeTable(session, left.named, { where, needsCompanions })
  const described = await describe()
  requireWholeTable(described, options, writes)
  uses.push(...(await findUses(session, described)))
  if (types.grows && !force) requireUnreferenced(uses)
  // With the wrong keys not even a type is changed
  if (types.alter && !force) await requireRightKeys(session, described, keys)
  const changes = await fitColumns(session, inTransaction, described, { ...types, dryRun }).catch(
    (error: unknown) => {
      throw withUses(error, uses)
    },
  )
  if (changes.length === 0) return described
  if (dryRun) planned.push(...changes)
  else statements.push(...changes.map(({ sql }) => sql))
  return dryRun ? asFitted(described) : describe()
}

/** What is known when columns are made to hold what they are going to hold. */
interface Fitting {
  readonly named: NamedTable
  readonly keys: RunKeys
  readonly options: CheckedOptions
  readonly types: TypeDemands
  /** Whether cells are going to be changed. */
  readonly writes: boolean
  /** Whether the companion columns of blind indexes must be there. */
  readonly needsCompanions: boolean
  readonly uses: FoundUse[]
  readonly restored: string[]
  readonly statements: string[]
  readonly planned: PlannedStatement[]
}

/** A migration that left something behind must not be recorded as done. */
function requireComplete({ table, failed, failures, completed }: BulkReport): void {
  if (completed && failed === 0) return
  if (failed === 0) {
    throw new EncryptionError(
      "ERR_BULK_INCOMPLETE",
      `The run on ${table} was stopped before its end, in a migration. Run the migration again.`,
    )
  }
  const [first] = failures
  const example = first ? ` The first, in row ${first.key.join(", ")}: ${first.problem}` : ""
  throw new EncryptionError(
    "ERR_BULK_INCOMPLETE",
    `${failed} cells of ${table} could not be dealt with in this migration.${example}`,
  )
}

async function runPhases(run: Run): Promise<BulkReport> {
  const { job, options, tally, workers, uses, restored, statements } = run
  const [first] = workers
  const alter = async (change: BulkJob["before"]): Promise<void> => {
    if (change && !options.dryRun) {
      const made = await first.run((session) => change(session, run, first.inTransaction))
      statements.push(...made)
    }
  }
  await requireSafe(run)
  await alter(job.before)
  let completed = true
  // A dry run leaves all there is to do to the audit, which would count it once more
  const audited = options.dryRun && options.audit
  if (job.filter !== undefined && !audited) completed = await runPhase(run, "change", job.filter)
  if (completed && options.audit) completed = await runPhase(run, "audit", "all")
  if (completed && tally.failed === 0) await alter(job.after)
  const constrained = await first.run((session) => constrainedColumns(session, run))
  // A column that was decrypted is on its way out of the model
  const isLeaving = job.demand === "cleared"
  const drift = isLeaving ? [] : await first.run((session) => driftOf(session, run))
  const { dryRun, shard } = options
  const counted = completed && options.audit
  const part = shard && shard.count > 1 ? { shard } : {}
  const back = restored.length > 0 ? { restored } : {}
  const facts = {
    completed,
    counted,
    dryRun,
    ...part,
    ...back,
    constrained,
    drift,
    uses,
    statements,
  }
  if (!dryRun) return tally.report(run.label, facts)
  const plan = await first.run((session) => planOf(session, run))
  return tally.report(run.label, { ...facts, ...plan })
}

/** What a run would change of the definition of a table, and how large that is. */
async function planOf(session: Session, run: Run): Promise<Pick<BulkReport, "bytes" | "planned">> {
  const { job, planned, table } = run
  const after = (await job.planAfter?.(session, run, run.workers[0].inTransaction)) ?? []
  const bytes = await session.schema.sizeOf(session.connection, table.path)
  return { planned: [...planned, ...after], ...(bytes !== undefined && { bytes }) }
}

/** Sees to it, before anything is written, that the keys are the right ones and cells what they seem. */
async function requireSafe(run: Run): Promise<void> {
  const { job, options, table, decider, workers } = run
  const [first] = workers
  if (job.filter === undefined) return
  if (!options.force) {
    await first.run((session) => requireRightKeys(session, run, decider.keys))
    if (job.demand === "written") {
      await first.run((session) => requireRightIndexKeys(session, table, decider))
    }
  }
  const { preflight } = job
  if (preflight && !options.dryRun) {
    await first.run((session) => preflight(session, run, decider))
  }
}

async function runPhase(
  run: Run,
  phase: BulkProgress["phase"],
  filter: RowFilter,
): Promise<boolean> {
  const { options, workers, table, tally } = run
  if (options.signal?.aborted) return false
  tally.rows = 0
  const { rows: total, longest } = await workers[0].run(({ connection, dialect }) =>
    dialect.count(connection, table, filter),
  )
  if (total === 0) return true
  const stop = { requested: false }
  const pass: Pass = {
    ...{ ...run.decider, table, filter, longest, tally },
    ...{ batchSize: options.batchSize, dryRun: options.dryRun },
    audit: phase === "audit",
    last: phase === "audit" || !options.audit,
    onBatch: afterBatch(run, phase, total, stop),
  }
  const shared = new SharedRange()
  // A worker without a batch of its own would only ask for the end
  const busy = workers.slice(0, Math.ceil(total / options.batchSize))
  const passes = busy.map(async (worker) => {
    try {
      return await passOver(pass, worker, shared)
    } catch (error) {
      stop.requested = true
      throw error
    }
  })
  const results = await Promise.allSettled(passes)
  const failure = results.find((result) => result.status === "rejected")
  if (failure) throw failure.reason
  return results.every((result) => result.status === "fulfilled" && result.value)
}

/** Returns what is done after every batch: it tells how far the phase is, vacuums, and rests. */
function afterBatch(
  { label, table, tally, options, job }: Run,
  phase: BulkProgress["phase"],
  total: number,
  stop: { requested: boolean },
): Pass["onBatch"] {
  const { dryRun, onProgress, pauseMs, signal } = options
  const meter = new ProgressMeter(label, phase, total, tally, onProgress)
  const vacuums = options.vacuum && !dryRun && phase === "change"
  const vacuum = vacuums ? new Vacuum(table, tally) : undefined
  return async (rows: number, worker: Worker) => {
    meter.advance(rows)
    tally.rows += rows
    const { afterBatch } = job
    if (afterBatch) await worker.run((session) => afterBatch(session, worker.inTransaction))
    await vacuum?.afterBatch(worker, total)
    // An abort cuts the rest short
    if (!stop.requested && pauseMs > 0) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
    if (signal?.aborted) stop.requested = true
    return !stop.requested
  }
}

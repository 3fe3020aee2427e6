import { setTimeout as sleep } from "node:timers/promises"

import type { DataSource, QueryRunner } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { dataSourceOfRunner } from "../../binding/typeorm-internals"
import { lacksConnections } from "../../dialect/statement-error"
import type { CheckedOptions } from "../options"
import { borrowWorker, openWorker, type Worker } from "./worker"

/** How long a run waits for connections beyond its first before it does without. */
const LONGEST_WAIT_MS = 1000

/** A DataSource, or the query runner of a migration, in whose transaction a run then takes part. */
export type BulkSource = DataSource | QueryRunner

/** The workers of one run: at least one. */
export type Workers = readonly [Worker, ...Worker[]]

/** Returns the DataSource that a source belongs to. */
export function dataSourceOf(source: BulkSource): DataSource {
  return isQueryRunner(source) ? dataSourceOfRunner(source) : source
}

/** Opens the workers of a run: as many connections as are asked for, or the one of a migration. */
export async function openWorkers(source: BulkSource, options: CheckedOptions): Promise<Workers> {
  const dataSource = dataSourceOf(source)
  if (isQueryRunner(source)) {
    return [await borrowWorker(source, dataSource.options.type, options.lockTimeoutMs)]
  }
  const first = await openWorker(dataSource, options.lockTimeoutMs)
  const workers: [Worker, ...Worker[]] = [first]
  const { sharesConnection = false } = driverFacts(dataSource.options.type)
  const count = sharesConnection ? 1 : options.concurrency
  try {
    while (workers.length < count) {
      const worker = await openInTime(openWorker(dataSource, options.lockTimeoutMs))
      if (!worker) break
      workers.push(worker)
    }
    // The application, whose pool this may be, is not to wait for the end of the run
    if (workers.length > 1 && !(await hasAnother(dataSource))) await workers.pop()?.close()
  } catch (error) {
    await closeWorkers(workers)
    throw error
  }
  return workers
}

/** Opens one more connection; `undefined` if there is none to be had soon. */
export function openSpareWorker(
  source: BulkSource,
  { lockTimeoutMs }: CheckedOptions,
): Promise<Worker | undefined> {
  return openInTime(openWorker(dataSourceOf(source), lockTimeoutMs))
}

/** Whether one more connection can be had, which is given back at once. */
async function hasAnother(dataSource: DataSource): Promise<boolean> {
  const runner = dataSource.createQueryRunner()
  const close = (): Promise<void> => runner.release()
  const opening = runner.connect().then(() => ({ close }))
  const another = await openInTime(opening).catch(() => undefined)
  await another?.close()
  return another !== undefined
}

/**
 * A pool that is too small would keep a run waiting for what the run itself has taken, and a server
 * that has no more connections refuses it.
 */
async function openInTime<Opened extends Pick<Worker, "close">>(
  opening: Promise<Opened>,
): Promise<Opened | undefined> {
  const timer = new AbortController()
  const timeUp = sleep(LONGEST_WAIT_MS, undefined, { signal: timer.signal })
  try {
    const opened = await Promise.race([opening, timeUp])
    if (!opened) opening.then((late) => late.close()).catch(() => undefined)
    return opened ?? undefined
  } catch (error) {
    if (lacksConnections(error)) return undefined
    throw error
  } finally {
    timer.abort()
    timeUp.catch(() => undefined)
  }
}

/** Gives all connections back. */
export async function closeWorkers(workers: readonly Worker[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.close()))
}

/** Whether a source is the query runner of a migration. */
export function isQueryRunner(source: BulkSource): source is QueryRunner {
  return typeof (source as Partial<QueryRunner>).startTransaction === "function"
}

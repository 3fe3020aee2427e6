import type { Outcome, Task } from "./job"
import { measure } from "./measure"
import { spent } from "./server-reading"
import type { Subject } from "./subject"

/** The server's own statement: on a table of plaintext, and on one that was encrypted. */
export type Reference = "reference" | "reference on tokens"

/** What one round over a table of one size yields, by task; references are timed here. */
export type Round = ReadonlyMap<Task | Reference, Outcome>

type Step = (
  subject: Subject,
  rows: number,
  outcomes: Map<Task | Reference, Outcome>,
) => Promise<void>

/** Fills the tables that every task starts from a copy of. */
export async function prepareTables({ database, sql }: Subject, rows: number): Promise<void> {
  await database.query("DROP TABLE IF EXISTS plain")
  await database.query(`CREATE TABLE plain AS ${sql.series(rows)}`)
}

/**
 * Measures every task once, each on a table filled anew and settled. Every other round goes
 * backwards, so that a machine that slows down favours none.
 */
export async function runRound(subject: Subject, rows: number, backwards: boolean): Promise<Round> {
  const outcomes = new Map<Task | Reference, Outcome>()
  const steps = backwards ? [...stepList].reverse() : stepList
  for (const step of steps) await step(subject, rows, outcomes)
  return outcomes
}

const stepList: readonly Step[] = [
  async (subject, rows, outcomes) => {
    await fillTable(subject, rows)
    outcomes.set("reference", await doReference(subject))
  },
  async (subject, rows, outcomes) => {
    await fillTable(subject, rows)
    outcomes.set("encrypt", await doTask(subject, "encrypt", rows))
    await doTask(subject, "verify", rows)
    await settle(subject)
    outcomes.set("scan", await doTask(subject, "scan", rows))
    outcomes.set("rotate", await doTask(subject, "rotate", rows))
    await doTask(subject, "verify", rows)
  },
  async (subject, rows, outcomes) => {
    await fillTable(subject, rows)
    if (subject.name === "PostgreSQL")
      outcomes.set("encrypt, unproven", await doTask(subject, "encrypt, unproven", rows))
    else await doTask(subject, "encrypt", rows)
    await settle(subject)
    outcomes.set("reference on tokens", await doReference(subject))
  },
  async (subject, rows, outcomes) => {
    await fillTable(subject, rows)
    outcomes.set("encrypt, audited", await doTask(subject, "encrypt, audited", rows))
    await settle(subject)
    outcomes.set("rotate, audited", await doTask(subject, "rotate, audited", rows))
  },
]

/** Measures the `save()` loop once: it takes minutes, and is far from its target's edge. */
export async function measureSaves(subject: Subject, rows: number): Promise<Outcome> {
  await prepareTables(subject, rows)
  await fillTable(subject, rows)
  const outcome = await doTask(subject, "save", rows)
  await doTask(subject, "verify", rows)
  return outcome
}

function doTask(subject: Subject, task: Task, rows: number): Promise<Outcome> {
  const { connection } = subject.database
  return withServer(subject, () => measure({ task, connection, rows }))
}

function doReference(subject: Subject): Promise<Outcome> {
  return withServer(subject, async () => {
    const started = performance.now()
    await subject.database.query(subject.sql.reference)
    return { seconds: (performance.now() - started) / 1000, megabytes: 0, cpuSeconds: 0 }
  })
}

/** Notes what the server spends meanwhile. */
async function withServer({ readServer }: Subject, work: () => Promise<Outcome>): Promise<Outcome> {
  const before = await readServer?.()
  const outcome = await work()
  const after = await readServer?.()
  return before && after ? { ...outcome, server: spent(before, after) } : outcome
}

async function fillTable(subject: Subject, rows: number): Promise<void> {
  const { database } = subject
  await database.query("DROP TABLE IF EXISTS patient")
  await database.query("CREATE TABLE patient (id bigint PRIMARY KEY, email text)")
  await database.query(`INSERT INTO patient SELECT * FROM plain WHERE id <= ${rows} ORDER BY id`)
  await settle(subject)
}

async function settle({ database, sql }: Subject): Promise<void> {
  for (const statement of sql.settle) await database.query(statement)
}

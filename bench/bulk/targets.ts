import { atLeast, atMost, type Target } from "../report/target"
import type { Task } from "./job"

/** The databases that are measured. */
export const subjectNames = ["PostgreSQL", "MariaDB", "SQLite"] as const
/** The name of a database that is measured. */
export type SubjectName = (typeof subjectNames)[number]

/** Rows below which what a run costs once, as preflight and connections, hides its rate. */
export const LEAST_ROWS: Readonly<Record<SubjectName, number>> = {
  PostgreSQL: 1_000_000,
  MariaDB: 200_000,
  SQLite: 200_000,
}

/** The share of the reference's rate that a task is to reach. */
export const rateTargets: Readonly<Record<SubjectName, Partial<Readonly<Record<Task, Target>>>>> = {
  PostgreSQL: { encrypt: atLeast(0.95, 1.1), rotate: atLeast(0.7, 0.85) },
  MariaDB: { encrypt: atLeast(0.5, 0.65) },
  SQLite: { encrypt: atLeast(0.15) },
}

/** Processor time of PostgreSQL for a row, against that of the reference. */
export const serverTarget = atMost(1.8, 1.3)

/** Rows below which the ticks that a server's processor time is counted in hide it. */
export const LEAST_COUNTED = 100_000

/** The least number of rows a second that a run over a finished PostgreSQL table is to look at. */
export const LEAST_SCANNED = 2_000_000
/** How many times as fast as the `save()` loop encryption is to be. */
export const LEAST_TIMES_SAVE = 20
/** The most memory that the process is to occupy. */
export const MOST_MEGABYTES = 250

/** How many times as long encryption on PostgreSQL may take for the proof of what was stored. */
export const MOST_PROOF = 1.1

/** How many times as much a row of the largest table may cost as one of the smallest. */
export const MOST_GROWTH = 1.2

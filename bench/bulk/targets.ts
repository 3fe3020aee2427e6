import type { Task } from "./job"

/** The databases that are measured. */
export const subjectNames = ["PostgreSQL", "MariaDB", "SQLite"] as const
/** The name of a database that is measured. */
export type SubjectName = (typeof subjectNames)[number]

/** The least share of the reference's rate that a task is to reach. */
export const leastRatio: Readonly<Record<SubjectName, Partial<Readonly<Record<Task, number>>>>> = {
  PostgreSQL: { encrypt: 0.6, rotate: 0.6 },
  MariaDB: { encrypt: 0.4 },
  SQLite: { encrypt: 0.15 },
}

/** The least number of rows a second that a run over a finished PostgreSQL table is to look at. */
export const LEAST_SCANNED = 2_000_000
/** How many times as fast as the `save()` loop encryption is to be. */
export const LEAST_TIMES_SAVE = 20
/** The most memory that the process is to occupy. */
export const MOST_MEGABYTES = 250

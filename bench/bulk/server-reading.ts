import { readdirSync, readFileSync } from "node:fs"

import type { FreshDatabase } from "../../test/support/fresh-database"

/** What a PostgreSQL server has spent since it started, on everyone who uses it. */
export interface ServerReading {
  /** Bytes of write-ahead log. */
  readonly walBytes: number
  /** Of all of its processes; `NaN` where it runs on another machine or in a container. */
  readonly cpuSeconds: number
}

/** How /proc counts time: ticks a second, on whatever kernel. */
const TICKS = 100

/** Asks a server, and the system it runs on, what it has spent so far. */
export async function readServer(database: FreshDatabase): Promise<ServerReading> {
  const [row] = await database.query(
    "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal, pg_backend_pid() AS pid, " +
      "current_database() AS name",
  )
  return {
    walBytes: Number(row?.wal),
    cpuSeconds: cpuSecondsOf(Number(row?.pid), String(row?.name)),
  }
}

/** Returns what a server has spent between two readings. */
export function spent(before: ServerReading, after: ServerReading): ServerReading {
  return {
    walBytes: after.walBytes - before.walBytes,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  }
}

/** Adds up the server that a process belongs to, if it is the one that works for this database. */
function cpuSecondsOf(backend: number, database: string): number {
  // PostgreSQL has its processes say there what they do; the number alone may be another's here
  if (!readProc(backend, "cmdline")?.includes(database)) return NaN
  const postmaster = processOf(backend)?.parent ?? NaN
  for (;;) {
    const before = idsOf(familyOf(postmaster))
    const family = familyOf(postmaster)
    // One that ended meanwhile was counted twice, by itself and by its parent, or not at all
    if (before !== idsOf(familyOf(postmaster))) continue
    return family.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS
  }
}

interface Process {
  readonly id: number
  readonly parent: number
  /** Its own, and of children that have ended. */
  readonly ticks: number
}

function familyOf(parent: number): readonly Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const found = /^\d+$/.test(name) ? processOf(Number(name)) : undefined
    return found && (found.id === parent || found.parent === parent) ? [found] : []
  })
}

function idsOf(family: readonly Process[]): string {
  return family.map(({ id }) => id).join()
}

function processOf(id: number): Process | undefined {
  const stat = readProc(id, "stat")
  if (stat === undefined) return undefined
  // What comes before is its name, which may hold anything; see proc_pid_stat(5)
  const [, parent = NaN, ...rest] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number)
  const [user = NaN, system = NaN, childrenUser = NaN, childrenSystem = NaN] = rest.slice(9)
  return { id, parent, ticks: user + system + childrenUser + childrenSystem }
}

/** Returns a file of a process, unless it has ended or this system has none. */
function readProc(id: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${id}/${file}`, "utf8")
  } catch {
    return undefined
  }
}

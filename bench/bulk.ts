import { describeGrowth, describeLines, pointsOf } from "./bulk/findings"
import { measureSaves, prepareTables, type Round, runRound } from "./bulk/round"
import { startSubject, type Subject } from "./bulk/subject"
import { summarize, type TaskSum } from "./bulk/summary"
import type { SubjectName } from "./bulk/targets"
import { gather } from "./report/findings"
import type { Findings } from "./report/line"

/** Which tables bulk commands are measured on. */
export interface BulkOptions {
  readonly only: readonly SubjectName[]
  /** Sizes of the table on PostgreSQL. */
  readonly rows: readonly number[]
  /** Sizes of the table on other databases. */
  readonly otherRows: readonly number[]
  /** Rounds, of which medians are taken. */
  readonly repeat: number
  /** Rows for the `save()` loop; 0 to leave it out. */
  readonly savedRows: number
}

/** Measures bulk commands against the server's own statement. */
export async function runBulk(options: BulkOptions): Promise<Findings> {
  const findings: Partial<Findings>[] = []
  for (const name of options.only) {
    const subject = await startSubject(name)
    if (subject) findings.push(await measureSubject(subject, options))
    else findings.push({ skipped: [`${name}: there is no server.`] })
  }
  const method =
    `${options.repeat} rounds, each on a table filled anew; commits reach the disk. Log and processor ` +
    "time of a server are those of all of its processes, for everyone who uses it meanwhile."
  return gather([...findings, { method: [method] }])
}

async function measureSubject(subject: Subject, options: BulkOptions): Promise<Partial<Findings>> {
  const { name, version } = subject
  const findings: Partial<Findings>[] = [{ versions: { [name]: version } }]
  try {
    const sizes: (readonly TaskSum[])[] = []
    const saves = await savesPerSecond(subject, options.savedRows)
    for (const rows of name === "PostgreSQL" ? options.rows : options.otherRows) {
      await prepareTables(subject, rows)
      const rounds: Round[] = []
      for (let i = 0; i < options.repeat; i++) {
        rounds.push(await runRound(subject, rows, i % 2 === 1))
        process.stderr.write(`${name}, ${rows} rows: round ${i + 1} of ${options.repeat} is done\n`)
      }
      const lines = summarize(name, rows, rounds)
      sizes.push(lines)
      findings.push({ lines: describeLines(lines, saves), points: pointsOf(lines) })
    }
    findings.push({ lines: describeGrowth(sizes), skipped: await notCounted(subject) })
  } finally {
    await subject.stop()
  }
  return gather(findings)
}

async function notCounted({ name, readServer }: Subject): Promise<readonly string[]> {
  const reading = await readServer?.()
  if (!reading || !Number.isNaN(reading.cpuSeconds)) return []
  return [`${name}: the processor time of the server, which this system does not show.`]
}

async function savesPerSecond(subject: Subject, rows: number): Promise<number> {
  if (rows === 0) return 0
  const saves = rows / (await measureSaves(subject, rows)).seconds
  process.stderr.write(`${subject.name}: the save() loop does ${Math.round(saves)} rows/s\n`)
  return saves
}

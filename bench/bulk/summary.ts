import { type Outcome, type Task } from "./job"
import type { Round } from "./round"
import {
  LEAST_SCANNED,
  LEAST_TIMES_SAVE,
  leastRatio,
  MOST_MEGABYTES,
  type SubjectName,
} from "./targets"

/** One line of the table: a task at one size on one database. */
export interface Line {
  readonly database: SubjectName
  readonly rows: number
  readonly task: Task | "reference"
  readonly rowsPerSecond: number
  /** Its rate over the reference's in the same round: the median of the rounds, and all of them. */
  readonly ratio: number
  readonly ratios: readonly number[]
  readonly cpuSeconds: number
  readonly megabytes: number
  /** What it was to reach, and whether it did; absent if there is no target. */
  readonly target?: { readonly says: string; readonly met: boolean }
}

const order: readonly (Task | "reference")[] = [
  "reference",
  "encrypt",
  "encrypt, audited",
  "rotate",
  "rotate, audited",
  "scan",
]

/** Sums the rounds over one table up. */
export function summarize(
  database: SubjectName,
  rows: number,
  rounds: readonly Round[],
  savesPerSecond: number,
): readonly Line[] {
  return order.map((task) => {
    const rates = rounds.map((round) => rows / outcome(round, task).seconds)
    const references = rounds.map((round) => rows / outcome(round, "reference").seconds)
    const ratios = rates.map((rate, i) => rate / (references[i] ?? NaN))
    const line = {
      ...{ database, rows, task, ratios },
      rowsPerSecond: median(rates),
      ratio: median(ratios),
      cpuSeconds: median(rounds.map((round) => outcome(round, task).cpuSeconds)),
      megabytes: Math.max(...rounds.map((round) => outcome(round, task).megabytes)),
    }
    const target = targetOf(line, savesPerSecond)
    return target ? { ...line, target } : line
  })
}

function outcome(round: Round, task: Task | "reference"): Outcome {
  const found = round.get(task)
  if (found) return found
  throw new Error(`There is no outcome for ${task}.`)
}

function targetOf(
  { database, task, ratio, rowsPerSecond, megabytes }: Line,
  saved: number,
): Line["target"] {
  const least = task === "reference" ? undefined : leastRatio[database][task]
  if (least !== undefined) {
    const enough = ratio >= least && rowsPerSecond >= LEAST_TIMES_SAVE * saved
    return {
      says: `≥ ${least} × reference, ≥ ${LEAST_TIMES_SAVE} × save, ≤ ${MOST_MEGABYTES} MB`,
      met: enough && megabytes <= MOST_MEGABYTES,
    }
  }
  if (task !== "scan" || database !== "PostgreSQL") return undefined
  return {
    says: `≥ ${LEAST_SCANNED / 1e6} M rows/s`,
    met: rowsPerSecond >= LEAST_SCANNED,
  }
}

/** Renders lines as a table for a terminal. */
export function renderTable(lines: readonly Line[]): string {
  const cells = lines.map((line) => [
    line.database,
    line.rows.toLocaleString("en"),
    line.task,
    Math.round(line.rowsPerSecond).toLocaleString("en"),
    line.ratio.toFixed(3),
    `${Math.min(...line.ratios).toFixed(2)}–${Math.max(...line.ratios).toFixed(2)}`,
    line.cpuSeconds.toFixed(2),
    line.megabytes.toFixed(0),
    line.target ? `${line.target.met ? "met   " : "MISSED"} ${line.target.says}` : "",
  ])
  const head = ["database", "rows", "task", "rows/s", "ratio", "range", "cpu s", "MB", "target"]
  const all = [head, ...cells]
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? NaN
  return (low + (sorted[Math.floor(middle)] ?? NaN)) / 2
}

import { median } from "../measure/statistics"
import type { Outcome, Task } from "./job"
import type { Round } from "./round"
import type { SubjectName } from "./targets"

/** A task at one size on one database. */
export interface TaskSum {
  readonly database: SubjectName
  readonly rows: number
  readonly task: Task | "reference"
  readonly rowsPerSecond: number
  /** Its rate over the reference's in the same round. */
  readonly ratios: readonly number[]
  readonly cpuSeconds: number
  readonly megabytes: number
}

const order: readonly (Task | "reference")[] = [
  "reference",
  "encrypt",
  "encrypt, audited",
  "encrypt, unproven",
  "rotate",
  "rotate, audited",
  "scan",
]

/** Sums the rounds over one table up. */
export function summarize(
  database: SubjectName,
  rows: number,
  rounds: readonly Round[],
): readonly TaskSum[] {
  const measured = order.filter((task) => rounds.every((round) => round.has(task)))
  return measured.map((task) => {
    const rates = rounds.map((round) => rows / outcome(round, task).seconds)
    const references = rounds.map((round) => rows / outcome(round, "reference").seconds)
    const ratios = rates.map((rate, i) => rate / (references[i] ?? NaN))
    return {
      ...{ database, rows, task, ratios },
      rowsPerSecond: median(rates),
      cpuSeconds: median(rounds.map((round) => outcome(round, task).cpuSeconds)),
      megabytes: Math.max(...rounds.map((round) => outcome(round, task).megabytes)),
    }
  })
}

function outcome(round: Round, task: Task | "reference"): Outcome {
  const found = round.get(task)
  if (found) return found
  throw new Error(`There is no outcome for ${task}.`)
}

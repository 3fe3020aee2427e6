import { median } from "../measure/statistics"
import type { Outcome, Task } from "./job"
import type { Reference, Round } from "./round"
import type { SubjectName } from "./targets"

/** A task at one size on one database. */
export interface TaskSum {
  readonly database: SubjectName
  readonly rows: number
  readonly task: Task | Reference
  readonly rowsPerSecond: number
  /** Its rate over the reference's in the same round. */
  readonly ratios: readonly number[]
  /** What a row costs the server, and costs it in the reference of the same round. */
  readonly server: readonly { readonly own: RowCost; readonly reference: RowCost }[]
  readonly cpuSeconds: number
  readonly megabytes: number
}

/** What one row costs a server; `NaN` where that is not known. */
export interface RowCost {
  readonly walBytes: number
  readonly cpuSeconds: number
}

const order: readonly (Task | Reference)[] = [
  "reference",
  "reference on tokens",
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
    const reference = referenceOf(task)
    const references = rounds.map((round) => rows / outcome(round, reference).seconds)
    const ratios = rates.map((rate, i) => rate / (references[i] ?? NaN))
    const server = rounds.map((round) => ({
      own: rowCost(outcome(round, task), rows),
      reference: rowCost(outcome(round, reference), rows),
    }))
    return {
      ...{ database, rows, task, ratios, server },
      rowsPerSecond: median(rates),
      cpuSeconds: median(rounds.map((round) => outcome(round, task).cpuSeconds)),
      megabytes: Math.max(...rounds.map((round) => outcome(round, task).megabytes)),
    }
  })
}

/** Names what a task is compared with: the server's own statement on the table that it found. */
export function referenceOf(task: Task | Reference): Reference {
  return /^rotate|on tokens$/.test(task) ? "reference on tokens" : "reference"
}

function rowCost({ server }: Outcome, rows: number): RowCost {
  const { walBytes = NaN, cpuSeconds = NaN } = server ?? {}
  return { walBytes: walBytes / rows, cpuSeconds: cpuSeconds / rows }
}

function outcome(round: Round, task: Task | Reference): Outcome {
  const found = round.get(task)
  if (found) return found
  throw new Error(`There is no outcome for ${task}.`)
}

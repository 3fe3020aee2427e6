import { figureOf, median, single } from "../measure/statistics"
import type { Line as ReportLine, Point } from "../report/line"
import { describeNumber, describeSecondsOf } from "../report/quantity"
import { atLeast, atMost, type Target } from "../report/target"
import type { Task } from "./job"
import { referenceOf, type TaskSum } from "./summary"
import {
  LEAST_COUNTED,
  LEAST_ROWS,
  LEAST_SCANNED,
  LEAST_TIMES_SAVE,
  MOST_GROWTH,
  MOST_MEGABYTES,
  MOST_PROOF,
  rateTargets,
  serverTarget,
} from "./targets"

/** Turns the sums over one table into lines of the report. */
export function describeLines(
  lines: readonly TaskSum[],
  savesPerSecond: number,
): readonly ReportLine[] {
  return [...lines.flatMap((line) => describe(line, savesPerSecond)), ...describeProof(lines)]
}

/** Says what the proof of every batch costs, by the same run without it in the same round. */
function describeProof(lines: readonly TaskSum[]): readonly ReportLine[] {
  const [proven, unproven] = ["encrypt", "encrypt, unproven"].map((task) =>
    lines.find((line) => line.task === task),
  )
  if (!proven || !unproven) return []
  const { database, rows } = proven
  return [
    {
      group: `${database}, ${rows.toLocaleString("en")} rows`,
      title: "encrypt: the proof of what was stored, against the same without it, wall clock",
      figure: figureOf(unproven.ratios.map((ratio, i) => ratio / (proven.ratios[i] ?? NaN))),
      unit: "× the cost",
      ...(rows < LEAST_ROWS[database] ? {} : { target: atMost(MOST_PROOF) }),
    },
  ]
}

/** Turns the sums over one table into points of the chart. */
export function pointsOf(lines: readonly TaskSum[]): readonly Point[] {
  return lines
    .filter(
      ({ database, task }) =>
        database === "PostgreSQL" && task !== "scan" && task !== "encrypt, unproven",
    )
    .map(({ rows, task, rowsPerSecond }) => ({
      chart: "bulk",
      at: rows,
      series: task.startsWith("reference") ? ownStatement(task) : task,
      value: rowsPerSecond,
    }))
}

/** What is measured on tables of every size, and not compared between them. */
const NOT_GROWING: ReadonlySet<TaskSum["task"]> = new Set(["encrypt, unproven", "scan"])

/** Says how the cost of a row grows from the smallest table to the largest. */
export function describeGrowth(sizes: readonly (readonly TaskSum[])[]): readonly ReportLine[] {
  const [smallest = [], largest = []] = [sizes[0], sizes.at(-1)]
  return largest.flatMap((large) => {
    const small = smallest.find(({ task }) => task === large.task)
    if (!small || small.rows === large.rows || NOT_GROWING.has(large.task)) return []
    return [
      {
        group: `${large.database}, growth`,
        title:
          `${large.task}: a row among ${large.rows.toLocaleString("en")}, against one among ` +
          `${small.rows.toLocaleString("en")}, wall clock`,
        figure: single(small.rowsPerSecond / large.rowsPerSecond),
        unit: "× the cost",
        ...(rateTargets[large.database][large.task as Task] === undefined
          ? {}
          : { target: atMost(MOST_GROWTH) }),
      },
    ]
  })
}

function describe(sum: TaskSum, savesPerSecond: number): readonly ReportLine[] {
  const { database, rows, task } = sum
  const group = `${database}, ${rows.toLocaleString("en")} rows`
  if (task.startsWith("reference") || task === "encrypt, unproven") return []
  if (task === "scan") return [{ group, ...describeScan(sum) }]
  const target = rateTargets[database][task as Task]
  const lines = [describeRatio(sum, rows < LEAST_ROWS[database] ? undefined : target)]
  if (target !== undefined) {
    if (savesPerSecond > 0) lines.push(describeSaves(sum, savesPerSecond))
    lines.push({
      title: `${task}: largest resident set of the process`,
      figure: single(sum.megabytes),
      unit: "MB",
      target: atMost(MOST_MEGABYTES),
    })
    lines.push(...describeServer(sum))
  }
  return lines.map((line) => ({ group, ...line }))
}

type Groupless = Omit<ReportLine, "group">

function describeScan(sum: TaskSum): Groupless {
  return {
    title: "a run over a finished table",
    figure: single(sum.rowsPerSecond / 1e6),
    unit: "M rows/s",
    absolute: describeRate(sum),
    ...(sum.database === "PostgreSQL" ? { target: atLeast(LEAST_SCANNED / 1e6) } : {}),
  }
}

function describeRatio(sum: TaskSum, target: Target | undefined): Groupless {
  return {
    title: `${sum.task}: against ${ownStatement(sum.task)}, wall clock`,
    figure: figureOf(sum.ratios),
    unit: "× as fast",
    absolute: describeRate(sum),
    ...(target === undefined ? {} : { target }),
  }
}

function describeSaves({ task, rowsPerSecond }: TaskSum, savesPerSecond: number): Groupless {
  return {
    title: `${task}: against a save() of each row, wall clock`,
    figure: single(rowsPerSecond / savesPerSecond),
    unit: "× as fast",
    absolute: `${describeNumber(rowsPerSecond)} against ${describeNumber(savesPerSecond)} rows/s`,
    target: atLeast(LEAST_TIMES_SAVE),
  }
}

/** Says what rows cost the server, beside what the process costs: it is shared with others. */
function describeServer({ database, rows, task, server }: TaskSum): readonly Groupless[] {
  const [own, reference] = [server.map((row) => row.own), server.map((row) => row.reference)]
  const lines: Groupless[] = [
    {
      title: `${task}: write-ahead log of one row`,
      figure: figureOf(own.map(({ walBytes }) => walBytes)),
      unit: "bytes",
      absolute: `against ${describeNumber(median(reference.map(({ walBytes }) => walBytes)))} of ${ownStatement(task)}`,
    },
    {
      title: `${task}: processor time of the server, against ${ownStatement(task)}`,
      figure: figureOf(server.map((row) => row.own.cpuSeconds / row.reference.cpuSeconds)),
      unit: "× the cost",
      absolute: `${describeSecondsOf(
        median(own.map(({ cpuSeconds }) => cpuSeconds)),
        median(reference.map(({ cpuSeconds }) => cpuSeconds)),
      )} a row`,
      ...(rows < LEAST_ROWS[database] ? {} : { target: serverTarget }),
    },
  ]
  return lines.filter(
    ({ figure, unit }) =>
      !Number.isNaN(figure.median) && (unit === "bytes" || rows >= LEAST_COUNTED),
  )
}

function ownStatement(task: TaskSum["task"]): string {
  const where = referenceOf(task) === "reference" ? "" : " on tokens"
  return `the server's own UPDATE${where}`
}

function describeRate({ rowsPerSecond, cpuSeconds }: TaskSum): string {
  return `${describeNumber(rowsPerSecond)} rows/s, ${describeNumber(cpuSeconds)} s of processor time`
}

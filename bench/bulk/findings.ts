import { figureOf } from "../measure/statistics"
import type { Line as ReportLine, Point } from "../report/line"
import { describeNumber } from "../report/quantity"
import { atLeast, atMost } from "../report/target"
import type { TaskSum } from "./summary"
import { LEAST_SCANNED, LEAST_TIMES_SAVE, leastRatio, MOST_MEGABYTES } from "./targets"

/** Turns the sums over one table into lines of the report. */
export function describeLines(
  lines: readonly TaskSum[],
  savesPerSecond: number,
): readonly ReportLine[] {
  return lines
    .filter(({ task }) => task !== "reference")
    .flatMap((line) => describe(line, savesPerSecond))
}

/** Turns the sums over one table into points of the chart. */
export function pointsOf(lines: readonly TaskSum[]): readonly Point[] {
  return lines
    .filter(({ database, task }) => database === "PostgreSQL" && task !== "scan")
    .map(({ rows, task, rowsPerSecond }) => ({
      chart: "bulk",
      at: rows,
      series: task === "reference" ? "the server's own UPDATE" : task,
      value: rowsPerSecond,
    }))
}

function describe(line: TaskSum, savesPerSecond: number): readonly ReportLine[] {
  const { database, rows, task, rowsPerSecond, ratios, megabytes, cpuSeconds } = line
  const group = `${database}, ${rows.toLocaleString("en")} rows`
  const least = task === "reference" ? undefined : leastRatio[database][task]
  const absolute = `${describeNumber(rowsPerSecond)} rows/s, ${describeNumber(cpuSeconds)} s of processor time`
  const single = (value: number): ReportLine["figure"] => ({
    median: value,
    low: value,
    high: value,
  })
  if (task === "scan") {
    return [
      {
        group,
        title: "a run over a finished table",
        figure: single(rowsPerSecond / 1e6),
        unit: "M rows/s",
        absolute,
        ...(database === "PostgreSQL" ? { target: atLeast(LEAST_SCANNED / 1e6) } : {}),
      },
    ]
  }
  const toReference: ReportLine = {
    group,
    title: `${task}: against the server's own UPDATE, wall clock`,
    figure: figureOf(ratios),
    unit: "× as fast",
    absolute,
    ...(least === undefined ? {} : { target: atLeast(least) }),
  }
  if (least === undefined) return [toReference]
  return [
    toReference,
    ...(savesPerSecond > 0
      ? [
          {
            group,
            title: `${task}: against a save() of each row, wall clock`,
            figure: single(rowsPerSecond / savesPerSecond),
            unit: "× as fast" as const,
            absolute: `${describeNumber(rowsPerSecond)} against ${describeNumber(savesPerSecond)} rows/s`,
            target: atLeast(LEAST_TIMES_SAVE),
          },
        ]
      : []),
    {
      group,
      title: `${task}: largest resident set of the process`,
      figure: single(megabytes),
      unit: "MB",
      target: atMost(MOST_MEGABYTES),
    },
  ]
}

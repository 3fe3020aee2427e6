import { describeTarget, judge } from "./target"
import type { Line } from "./line"
import { describeNumber } from "./quantity"

/** What stands above the columns. */
export const columnHeads = ["", "figure", "quartiles", "absolute", "target", ""] as const

/** The columns of one line. */
export function columnsOf({ title, figure, unit, absolute, target }: Line): readonly string[] {
  return [
    title,
    `${describeNumber(figure.median)} ${unit}`,
    figure.low === figure.high
      ? ""
      : `${describeNumber(figure.low)}–${describeNumber(figure.high)}`,
    absolute ?? "",
    target ? describeTarget(target) : "",
    target ? judge(figure, target) : "",
  ]
}

/** Returns lines by the table they stand in, in order. */
export function tablesOf(lines: readonly Line[]): ReadonlyMap<string, readonly Line[]> {
  const groups = new Set(lines.map(({ group }) => group))
  return new Map([...groups].map((name) => [name, lines.filter(({ group }) => group === name)]))
}

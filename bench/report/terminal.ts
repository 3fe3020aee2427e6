import { columnsOf, tablesOf } from "./columns"
import type { Part } from "./line"
import type { Run } from "./results"

/** Renders one run for a terminal. */
export function renderRun(part: Part, { lines, machine, versions, skipped, seconds }: Run): string {
  const rows = lines.map(columnsOf)
  const widths = [0, 1, 2, 3, 4, 5].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const render = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd()
  const tables = [...tablesOf(lines)].flatMap(([group, own]) => [
    group,
    ...own.map((line) => render(columnsOf(line))),
  ])
  return [
    `\n== ${part}, ${Math.round(seconds)} s`,
    `${machine.processor}, ${machine.memory}, load ${machine.load.join(" ")}, Node ${machine.node}`,
    Object.entries(versions)
      .map((pair) => pair.join(" "))
      .join(", "),
    ...tables,
    ...skipped.map((what) => `SKIPPED: ${what}`),
  ].join("\n")
}

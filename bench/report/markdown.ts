import { chartsOf } from "./charts"
import { columnHeads, columnsOf, tablesOf } from "./columns"
import type { Part } from "./line"
import { isBusy } from "./machine"
import type { Results, Run } from "./results"

const titles: Readonly<Record<Part, string>> = {
  fernet: "The Fernet engine",
  orm: "TypeORM",
  binding: "What encrypted entities cost others",
  search: "Search by blind index",
  bulk: "Whole tables",
}

const head = `# Benchmark results

Written by \`npm run bench\`; do not edit. Everything that is compared took turns in one run. Figures
are medians of the ratios within each round, with their quartiles, and of processor time unless a
line says otherwise. Ratios carry over to other machines; what is absolute does not. [NOTES.md](NOTES.md)
says where the time goes.
`

/** Renders the results as Markdown. */
export function renderMarkdown(results: Results): string {
  const runs = (Object.keys(titles) as Part[]).flatMap((part) => {
    const run = results[part]
    return run ? [renderPart(part, run)] : []
  })
  return [head, ...runs].join("\n")
}

function renderPart(part: Part, run: Run): string {
  const { date, machine, versions, quick, lines, points, skipped, method } = run
  const of = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const tables = [...tablesOf(lines)].map(
    ([group, own]) => `### ${group}\n\n${renderTable([columnHeads, ...own.map(columnsOf)])}`,
  )
  const charts = chartsOf(points).map(({ name, title }) => `![${title}](charts/${name}.svg)`)
  return [
    `## ${titles[part]}\n`,
    ...(quick ? ["**A quick run, to see that it works: its figures are worth little.**\n"] : []),
    ...(isBusy(machine)
      ? ["**The machine was busy with other work: take it again on an idle one.**\n"]
      : []),
    `${date}; ${machine.processor}, ${machine.memory}, ${machine.platform}, load ` +
      `${machine.load.join(" ")}; Node ${machine.node}; ${of.join(", ")}.\n`,
    ...method.map((sentence) => `${sentence}\n`),
    ...skipped.map((what) => `Skipped: ${what}\n`),
    ...charts.map((chart) => `${chart}\n`),
    ...tables,
  ].join("\n")
}

/** Renders a table as Prettier would, so that the committed file passes its check. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = columnHeads.map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)))
  const [first = [], ...rest] = rows.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  )
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return `${[first, rule, ...rest].join("\n")}\n`
}

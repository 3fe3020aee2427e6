import type { Line, Part } from "./line"
import { describeNumber } from "./quantity"
import type { Results, Run } from "./results"

/** A line of the results that the README has as well. */
interface Highlight {
  readonly part: Part
  /** How the line's table begins, and the line. */
  readonly group: string
  readonly title: string
  /** What was measured, and what it is compared with, in the README's words. */
  readonly what: string
  readonly against: string
}

const highlights: readonly Highlight[] = [
  {
    ...{ part: "fernet", group: "encrypt 64 B", against: "npm `fernet`" },
    title: "against npm fernet",
    what: "encrypt 64 bytes",
  },
  {
    ...{ part: "orm", group: "find()", against: "plain columns" },
    title: "typeorm-fernet, 5 columns, against plain columns",
    what: "`find()` of 10,000 rows, 5 encrypted columns of 5",
  },
  {
    ...{ part: "orm", group: "find()", against: "`typeorm-encrypted`, AES-256-GCM" },
    title: "typeorm-fernet, 5 columns, against typeorm-encrypted, AES-256-GCM, 5 columns",
    what: "`find()` of 10,000 rows, 5 encrypted columns of 5",
  },
  {
    ...{ part: "search", group: "findOneBy()", against: "a plain column with an index" },
    title: "encrypted column with a blind index, against a plain indexed column, wall clock",
    what: "`findOneBy()` by blind index, 1,000,000 rows",
  },
  {
    ...{ part: "bulk", group: "PostgreSQL, 1,000,000 rows", against: "the server's own `UPDATE`" },
    title: "encrypt: against the server's own UPDATE, wall clock",
    what: "encrypt a table of 1,000,000 rows",
  },
]

const BEGIN = "<!-- Written by npm run bench. -->"
const END = "<!-- Until here. -->"

/** Renders what the README says of the results. Parts that were not run are left out. */
export function renderSummary(results: Results): string {
  const rows = highlights.flatMap((highlight) => {
    const line = findLine(results[highlight.part], highlight)
    if (!line) return []
    return [
      [highlight.what, highlight.against, `${describeNumber(line.figure.median)} ${line.unit}`],
    ]
  })
  const all = [["", "against", "figure"], ...rows]
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  const [head, ...body] = all.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  )
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return [BEGIN, "", describeOrigin(results), "", head, rule, ...body, "", END].join("\n")
}

/** Returns the text of the README with the summary in it. */
export function withSummary(readme: string, results: Results): string {
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (start < 0 || end < start) throw new Error("The README has no place for the results.")
  return readme.slice(0, start) + renderSummary(results) + readme.slice(end + END.length)
}

function findLine(run: Run | undefined, { group, title }: Highlight): Line | undefined {
  return run?.lines.find((line) => line.group.startsWith(group) && line.title === title)
}

function describeOrigin(results: Results): string {
  const origins = Object.values(results).map(
    ({ date, machine, quick }) =>
      `${date}, ${machine.processor}, Node.js ${machine.node.slice(1)}${quick ? ", a quick run" : ""}`,
  )
  return `${[...new Set(origins)].join("; ")}:`
}

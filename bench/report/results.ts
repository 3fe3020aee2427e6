import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { renderCharts } from "./charts"
import type { Findings, Part } from "./line"
import type { Machine } from "./machine"
import { renderMarkdown } from "./markdown"

/** One run of one part. */
export interface Run extends Findings {
  /** The day, as in 2026-11-22. */
  readonly date: string
  readonly machine: Machine
  /** Whether sizes were too small for the figures to be worth much. */
  readonly quick: boolean
  readonly seconds: number
}

/** The last run of every part. */
export type Results = Partial<Readonly<Record<Part, Run>>>

/** Returns the results in a folder; there may be none yet. */
export function readResults(folder: string): Results {
  const file = join(folder, "results.json")
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : {}
}

/** Writes results.json, RESULTS.md, and the charts of the parts that were run now. */
export async function writeResults(folder: string, results: Results): Promise<void> {
  mkdirSync(join(folder, "charts"), { recursive: true })
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`)
  const charts = await renderCharts(Object.values(results).flatMap(({ points }) => points))
  for (const { name, svg } of charts) writeFileSync(join(folder, "charts", `${name}.svg`), svg)
  writeFileSync(join(folder, "RESULTS.md"), renderMarkdown(results))
}

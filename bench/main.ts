import { readFileSync, writeFileSync } from "node:fs"

import { runBulk } from "./bulk"
import { runFernet } from "./fernet/run-fernet"
import { runBinding } from "./binding/run-binding"
import { type BenchOptions, readOptions, RESULTS, usage } from "./options"
import { runOrm } from "./orm/run-orm"
import { runSearch } from "./search/run-search"
import type { Findings, Part } from "./report/line"
import { thisMachine } from "./report/machine"
import { readResults, type Run, writeResults } from "./report/results"
import { judge } from "./report/target"
import { withSummary } from "./report/summary"
import { renderRun } from "./report/terminal"

const README = "README.md"

const runners: Readonly<Record<Part, (options: BenchOptions) => Promise<Findings>>> = {
  fernet: ({ fernet }) => runFernet(fernet),
  orm: ({ orm }) => runOrm(orm),
  binding: ({ binding }) => runBinding(binding),
  search: ({ search }) => runSearch(search),
  bulk: ({ bulk }) => runBulk(bulk),
}

async function main(options: BenchOptions): Promise<void> {
  let results = readResults(options.out)
  for (const part of options.parts) {
    const run = await runPart(part, options)
    process.stdout.write(`${renderRun(part, run)}\n`)
    results = { ...results, [part]: run }
    // After each part: a later one may fail
    await writeResults(options.out, results)
    if (options.out === RESULTS)
      writeFileSync(README, withSummary(readFileSync(README, "utf8"), results))
    if (!run.quick && hasMissed(run)) process.exitCode = 1
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`)
}

async function runPart(part: Part, options: BenchOptions): Promise<Run> {
  const machine = thisMachine()
  const started = performance.now()
  const findings = await runners[part](options)
  const seconds = (performance.now() - started) / 1000
  const date = new Date().toISOString().slice(0, "2026-11-22".length)
  return { date, machine, quick: options.quick, seconds, ...findings }
}

function hasMissed({ lines }: Run): boolean {
  return lines.some(({ figure, target }) => target && judge(figure, target) === "MISSED")
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options) void main(options)
  else process.stdout.write(`${usage}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
  process.exitCode = 2
}

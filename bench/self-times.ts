import { readFileSync } from "node:fs"
import type { Profiler } from "node:inspector"

/** Rows of the table. */
const LONGEST = 25

/** Prints in which functions the time of a .cpuprofile went, without those they called. */
function printSelfTimes(file: string): void {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profiler.Profile
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  profile.samples?.forEach((id, i) => {
    const name = names.get(id) ?? ""
    if (name !== "(idle)") times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas?.[i] ?? 0))
  })
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, LONGEST)
  for (const [name, time] of longest) {
    process.stdout.write(`${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}\n`)
  }
}

function nameOf({
  functionName,
  url,
  lineNumber,
}: Profiler.Profile["nodes"][number]["callFrame"]): string {
  if (url === "") return functionName
  return `${functionName} ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`
}

process.argv.slice(2).forEach(printSelfTimes)

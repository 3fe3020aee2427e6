import { writeFileSync } from "node:fs"
import { cpus, loadavg, totalmem } from "node:os"
import { parseArgs } from "node:util"

import { measureSaves, prepareTables, type Round, runRound, SAVED_ROWS } from "./bulk/round"
import { startSubject } from "./bulk/subject"
import { type Line, renderTable, summarize } from "./bulk/summary"
import { type SubjectName, subjectNames } from "./bulk/targets"

const usage = `Usage: npm run bench:bulk -- [options]

  --rows <n,…>       table sizes (default 100000,1000000; add 3000000 to see that cost is linear)
  --other-rows <n>   table size on MariaDB and SQLite (default 200000)
  --repeat <n>       rounds, of which medians are taken (default 3)
  --only <name,…>    of ${subjectNames.join(", ")}
  --no-saves         leave out the save() loop
  --json <file>      write all figures there as well`

const { values: given } = parseArgs({
  options: {
    rows: { type: "string", default: "100000,1000000" },
    "other-rows": { type: "string", default: "200000" },
    repeat: { type: "string", default: "3" },
    only: { type: "string", default: subjectNames.join(",") },
    "no-saves": { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
})

async function main(): Promise<void> {
  const asked = subjectNames.filter((name) =>
    given.only.toLowerCase().split(",").includes(name.toLowerCase()),
  )
  const lines: Line[] = []
  const versions: Record<string, string> = { Node: process.version }
  for (const name of asked) lines.push(...(await measureSubject(name, versions)))
  const machine = {
    processor: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: loadavg().map((load) => load.toFixed(1)),
    versions,
  }
  if (given.json) writeFileSync(given.json, `${JSON.stringify({ machine, lines }, null, 2)}\n`)
  process.stdout.write(
    `${machine.processor}, ${machine.memory}, load ${machine.load.join(" ")}; ` +
      `${Object.entries(versions)
        .map((pair) => pair.join(" "))
        .join(", ")}\n${renderTable(lines)}\n`,
  )
  if (lines.some(({ target }) => target?.met === false)) process.exitCode = 1
}

async function measureSubject(
  name: SubjectName,
  versions: Record<string, string>,
): Promise<readonly Line[]> {
  const subject = await startSubject(name)
  if (!subject) return []
  versions[name] = subject.version
  const sizes = name === "PostgreSQL" ? given.rows : given["other-rows"]
  const lines: Line[] = []
  try {
    const saves = given["no-saves"] ? 0 : SAVED_ROWS / (await measureSaves(subject)).seconds
    process.stderr.write(`${name}: the save() loop does ${Math.round(saves)} rows/s\n`)
    for (const rows of sizes.split(",").map(Number)) {
      await prepareTables(subject, rows)
      const rounds: Round[] = []
      for (let i = 0; i < Number(given.repeat); i++) {
        rounds.push(await runRound(subject, rows, i % 2 === 1))
        process.stderr.write(`${name}, ${rows} rows: round ${i + 1} of ${given.repeat} is done\n`)
      }
      lines.push(...summarize(name, rows, rounds, saves))
    }
  } finally {
    await subject.stop()
  }
  return lines
}

if (given.help) process.stdout.write(`${usage}\n`)
else void main()

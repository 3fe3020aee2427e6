import { gather } from "../report/findings"
import type { Findings } from "../report/line"
import { versionsOf } from "../report/versions"
import { compareBatches } from "./compare-batches"
import { compareIndex } from "./compare-index"
import { compareEngines } from "./compare-engines"
import { compareRings } from "./compare-rings"
import { compareWithLimit } from "./compare-with-limit"
import { measureMemory } from "./measure-memory"
import type { FernetOptions } from "./options"

/** Measures the Fernet engine: no database, no TypeORM. */
export async function runFernet(options: FernetOptions): Promise<Findings> {
  const findings: Partial<Findings>[] = []
  for (const step of [
    compareEngines,
    compareRings,
    compareBatches,
    compareIndex,
    measureMemory,
    compareWithLimit,
  ]) {
    process.stderr.write(`fernet: ${step.name}\n`)
    findings.push(await step(options))
  }
  const { rounds, seconds } = options
  const method =
    `${rounds} rounds; ${seconds * 1000} ms of processor time a turn; strings in and out; each ` +
    "implementation in a process of its own. npm fernet is bound by garbage collection: " +
    "figures against it move between 30 and 70 from run to run."
  const versions = versionsOf("tinybench", "fernet", "fernet-nodejs")
  return gather([{ versions }, ...findings, { method: [method] }])
}

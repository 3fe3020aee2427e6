import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import { figureOf, single } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeNumber } from "../report/quantity"
import type { MemoryFigures, MemoryJob } from "./memory-job"
import type { FernetOptions } from "./options"
import { allocationTargets, type Direction, residentTarget } from "./targets"

const group = "memory, 64 B"

/** Room in which nothing is collected while allocations are counted. */
const COUNTING = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"]

/** Measures what operations allocate, and whether the process grows, each in a process of its own. */
export async function measureMemory({ operations }: FernetOptions): Promise<Partial<Findings>> {
  const lines: Line[] = []
  for (const direction of ["encrypt", "decrypt"] as const) {
    lines.push(describeAllocation(direction, await ask({ direction, operations: 0 }, COUNTING)))
    const resident = await ask({ direction, operations }, [])
    lines.push(describeGrowth(direction, operations, resident))
  }
  return { lines }
}

async function ask(job: MemoryJob, execArgv: readonly string[]): Promise<MemoryFigures> {
  const child = fork(join(__dirname, "run-memory-job.js"), { execArgv: [...execArgv] })
  child.send(job)
  const [answer] = (await Promise.race([once(child, "message"), once(child, "exit")])) as unknown[]
  if (Array.isArray(answer)) return answer as number[]
  throw new Error("The process that was to measure memory failed.")
}

function describeAllocation(direction: Direction, bytes: MemoryFigures): Line {
  return {
    group,
    title: `${direction}: allocated by one operation`,
    figure: figureOf(bytes),
    unit: "bytes",
    target: allocationTargets[direction],
  }
}

function describeGrowth(direction: Direction, operations: number, resident: MemoryFigures): Line {
  const settled = resident[1] ?? NaN
  const growth = Math.max(...resident.slice(2)) - settled
  return {
    group,
    title: `${direction}: growth of the resident set over ${describeNumber(operations)} operations`,
    figure: single(growth),
    unit: "MB",
    absolute: `${describeNumber(settled)} MB after a fifth of them`,
    target: residentTarget,
  }
}

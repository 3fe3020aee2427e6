import { join } from "node:path"

import { runApart } from "../measure/apart"
import type { Rounds } from "../measure/rounds"
import type { ContenderJob } from "./contender-job"

/** Lets variants take turns, each in a process of its own. */
export function runVariants(jobs: readonly ContenderJob[], rounds: number): Promise<Rounds> {
  return runApart(join(__dirname, "open-contender.js"), jobs, rounds)
}

import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import type { Job, Outcome } from "./job"

/**
 * Does a job in a process of its own, so that memory and warm-up are its own too.
 *
 * @throws if the process ends without an outcome, having said why on stderr
 */
export async function measure(job: Job): Promise<Outcome> {
  const profile = process.env.BENCH_PROFILE
  const execArgv = profile ? ["--cpu-prof", `--cpu-prof-dir=${profile}`] : []
  const child = fork(join(__dirname, "run-job.js"), { execArgv })
  let outcome: Outcome | undefined
  child.once("message", (message) => {
    outcome = message as Outcome
    child.disconnect()
  })
  child.send(job)
  await once(child, "exit")
  if (outcome) return outcome
  throw new Error(`The process that was to ${job.task} failed.`)
}

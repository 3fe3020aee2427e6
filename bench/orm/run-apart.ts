import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import type { Contender, Sample } from "../measure/contender"
import { type Rounds, runRounds } from "../measure/rounds"
import type { ContenderJob } from "./contender-job"

/** Turns after which a process that has just begun takes no less from turn to turn. */
const WARM_UPS = 4

/**
 * Lets contenders take turns, each in a process of its own: in one, the garbage that a contender
 * leaves is collected at the cost of the next.
 */
export async function runApart(jobs: readonly ContenderJob[], rounds: number): Promise<Rounds> {
  const contenders = jobs.map(start)
  try {
    return await runRounds(contenders, rounds, WARM_UPS)
  } finally {
    await Promise.all(contenders.map(end))
  }
}

interface Apart extends Contender {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
}

function start(job: ContenderJob): Apart {
  const child = fork(join(__dirname, "run-contender.js"))
  const exited = once(child, "exit")
  child.send(job)
  return { name: job.variant, child, exited, sample: () => ask(child, exited, job) }
}

async function ask(
  child: ChildProcess,
  exited: Promise<unknown>,
  { variant, work }: ContenderJob,
): Promise<Sample> {
  child.send("sample")
  const [answer] = (await Promise.race([once(child, "message"), exited])) as unknown[]
  if (typeof answer === "object" && answer !== null) return answer as Sample
  throw new Error(`The process that was to ${work} failed: ${variant}.`)
}

async function end({ child, exited }: Apart): Promise<void> {
  if (!child.connected) return
  child.disconnect()
  await exited
}

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import type { Contender, Sample } from "./contender"
import { type Rounds, runRounds } from "./rounds"

/** What the process of a contender is told, as JSON. */
export interface Job {
  /** The name of the contender. */
  readonly name: string
}

/** What that process has opened. */
export interface Opened extends Contender {
  close?(): Promise<unknown>
}

/** Turns after which a process that has just begun takes no less from turn to turn. */
const WARM_UPS = 4

/**
 * Lets contenders take turns, each in a process of its own: in one, the garbage that a contender
 * leaves is collected at the cost of the next.
 *
 * @param path - the file whose `openContender` makes the contender of a job, in its process
 * @param others - contenders that have a process already
 */
export async function runApart(
  path: string,
  jobs: readonly Job[],
  rounds: number,
  others: readonly Contender[] = [],
): Promise<Rounds> {
  const apart = jobs.map((job) => start(path, job))
  try {
    return await runRounds([...apart, ...others], rounds, WARM_UPS)
  } finally {
    await Promise.all(apart.map(end))
  }
}

interface Apart extends Contender {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
}

function start(path: string, job: Job): Apart {
  const child = fork(join(__dirname, "run-contender.js"), [path])
  const exited = once(child, "exit")
  child.send(job)
  return { name: job.name, child, exited, sample: () => ask(child, exited, job) }
}

async function ask(child: ChildProcess, exited: Promise<unknown>, job: Job): Promise<Sample> {
  child.send("sample")
  const [answer] = (await Promise.race([once(child, "message"), exited])) as unknown[]
  if (typeof answer === "object" && answer !== null) return answer as Sample
  throw new Error(`The process of a contender failed: ${job.name}.`)
}

async function end({ child, exited }: Apart): Promise<void> {
  if (!child.connected) return
  child.disconnect()
  await exited
}

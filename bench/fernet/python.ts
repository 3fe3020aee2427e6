import { spawn, spawnSync } from "node:child_process"
import { createInterface } from "node:readline"

import type { Contender, Sample } from "../measure/contender"
import type { Direction } from "./targets"

/** What the other process does: one line in, one line out, timed by its own processor clock. */
const program = `
import json, sys, time
from cryptography.fernet import Fernet
for line in sys.stdin:
    job = json.loads(line)
    fernet = Fernet(job["key"])
    if job["direction"] == "encrypt":
        work, values = (lambda value: fernet.encrypt(value.encode()).decode()), job["values"]
    else:
        work, values = (lambda value: fernet.decrypt(value).decode()), job["values"]
    times, taken = 1, 0.0
    while taken < job["seconds"]:
        times *= 2
        began, cpu = time.perf_counter(), time.process_time()
        for i in range(times):
            work(values[i % len(values)])
        taken, wall = time.process_time() - cpu, time.perf_counter() - began
    print(json.dumps({"cpu": taken / times, "wall": wall / times}), flush=True)
`

/** What to encrypt or decrypt, and for how long. */
export interface PythonJob {
  readonly key: string
  readonly direction: Direction
  readonly values: readonly string[]
  readonly seconds: number
}

/** A Python process that takes turns with this one. */
export interface Python {
  /** The version of `cryptography`, and of Python. */
  readonly version: string
  contender(name: string, job: PythonJob): Contender
  stop(): void
}

/** Starts Python, or returns `undefined` if it or its `cryptography` is not there. */
export function startPython(): Python | undefined {
  const ask =
    "import platform as p, cryptography as c; print(c.__version__, 'on Python', p.python_version())"
  const asked = spawnSync("python3", ["-c", ask], { encoding: "utf8" })
  if (asked.status !== 0) return undefined
  const child = spawn("python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]() as AsyncIterator<
    string,
    undefined
  >
  return {
    version: asked.stdout.trim(),
    contender: (name, job) => ({
      name,
      async sample() {
        child.stdin.write(`${JSON.stringify(job)}\n`)
        const answer = await answers.next()
        if (answer.done) throw new Error("Python ended before it answered.")
        return JSON.parse(answer.value) as Sample
      },
    }),
    stop: () => void child.stdin.end(),
  }
}

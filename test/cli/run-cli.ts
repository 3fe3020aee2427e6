import { spawn } from "node:child_process"
import { join } from "node:path"
import { text } from "node:stream/consumers"

import { keys } from "../support/keys"

/** How a command ended. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that is running. */
export interface RunningCli {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Outcome>
}

/** A part of every plaintext in these tests, which no output may hold. */
export const marker = "PLAINTEXT"

const root = join(__dirname, "..", "..")

/** Starts the program as a user of TypeScript does. Its output must show no plaintext and no key. */
export function startCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningCli {
  const main = join(root, "src", "cli", "main.ts")
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 50_000,
    killSignal: "SIGKILL",
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      output
        .then(([stdout, stderr]) => {
          for (const secret of [marker, ...Object.values(keys)]) {
            if ((stdout + stderr).includes(secret)) throw new Error("The output shows a secret.")
          }
          resolve({ code, stdout, stderr })
        })
        .catch(reject)
    })
  })
  return { kill: (signal) => child.kill(signal), ended }
}

/** Runs the program to its end. */
export function runCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return startCli(args, environment).ended
}

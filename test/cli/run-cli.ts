import { spawn } from "node:child_process"
import { join } from "node:path"
import { text } from "node:stream/consumers"

import { installedPackage } from "../support/built-package"
import { keys } from "../support/keys"
import { typeormUnderTest } from "../support/typeorm-version"

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

/**
 * Starts the program that is built and installed as users have it, with the loader that a user of
 * TypeScript runs it with. Its output must show no plaintext and no key.
 */
export async function startCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningCli> {
  const directory = await installedPackage(typeormUnderTest().directory)
  const main = join(directory, "node_modules", "typeorm-fernet", "dist", "cli", "main.js")
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: directory,
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
export async function runCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return (await startCli(args, environment)).ended
}

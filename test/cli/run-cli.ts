import { type ChildProcess, spawn } from "node:child_process"
import { EventEmitter, once } from "node:events"
import { join } from "node:path"

import { afterAll } from "@jest/globals"

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
  /** Goes away from what it prints, as `head` does. */
  readonly leave: () => void
  /** Resolves when it has said this on stderr, rejects if it ends before. */
  readonly says: (words: string) => Promise<void>
  readonly ended: Promise<Outcome>
}

/** A part of every plaintext in these tests, which no output may hold. */
export const marker = "PLAINTEXT"

const running = new Set<ChildProcess>()

/** What a failed test left running would keep Jest from ending. */
afterAll(() => {
  for (const child of running) child.kill("SIGKILL")
})

/**
 * Starts the program that is built and installed as users have it; on a DataSource in TypeScript,
 * with the loader that its user runs it with. Its output must show no plaintext and no key.
 *
 * @param stdout - where its output goes, if not here
 */
export async function startCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  stdout: number | "pipe" = "pipe",
): Promise<RunningCli> {
  const directory = await installedPackage(typeormUnderTest().directory)
  const main = join(directory, "node_modules", "typeorm-fernet", "dist", "cli", "main.js")
  const loader = args.some((arg) => /\.m?ts$|\.mjs$/.test(arg)) ? ["--import", "tsx"] : []
  const child = spawn(process.execPath, [...loader, main, ...args], {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ["ignore", stdout, "pipe"],
  })
  running.add(child)
  const said = { stdout: "", stderr: "" }
  const news = new EventEmitter()
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text
      news.emit("more")
    })
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      running.delete(child)
      news.emit("more")
      const shown = said.stdout + said.stderr
      if ([marker, ...Object.values(keys)].some((secret) => shown.includes(secret))) {
        reject(new Error("The output shows a secret."))
      }
      resolve({ code, ...said })
    })
  })
  return {
    kill: (signal) => child.kill(signal),
    leave: () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    ended,
    says: async (words) => {
      while (!said.stderr.includes(words)) {
        if (!running.has(child)) throw new Error(`The program ended and did not say: ${words}`)
        await once(news, "more")
      }
    },
  }
}

/** Runs the program to its end. */
export async function runCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return (await startCli(args, environment)).ended
}

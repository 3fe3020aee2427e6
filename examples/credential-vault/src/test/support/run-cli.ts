import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const cli = join(fileURLToPath(new URL("../../", import.meta.url)), "cli.js")

/** Starts a command of the vault. */
export function startCli(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): ChildProcessByStdio<null, null, Readable> {
  return spawn(process.execPath, [cli, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, ...env },
  })
}

/** Runs a command of the vault. */
export async function runCli(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly told: string }> {
  const child = startCli(env, ...args)
  const told = text(child.stderr)
  const [code] = (await once(child, "exit")) as [number | null]
  return { code, told: await told }
}

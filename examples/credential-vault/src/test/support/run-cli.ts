import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const cli = join(fileURLToPath(new URL("../../", import.meta.url)), "cli.js")

/** Runs a command of the vault. */
export async function runCli(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly told: string }> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, ...env },
  })
  const told = text(child.stderr)
  const [code] = (await once(child, "exit")) as [number | null]
  return { code, told: await told }
}

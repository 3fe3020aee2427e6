import { spawnSync } from "node:child_process"
import { join } from "node:path"

/** The root of this repository. */
export const repository: string = join(__dirname, "..", "..")

/** Runs a program to its end and returns what it writes to stdout; throws with its output. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" })
  if (error) throw error
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`)
}

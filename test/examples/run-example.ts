import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { text } from "node:stream/consumers"

const repository = join(__dirname, "..", "..")

/** How a program ended and what it wrote. */
export interface ProgramEnd {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a TypeScript file, by its path in this repository, as `npx tsx` does. */
export async function runTypeScript(
  path: string,
  environment: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<ProgramEnd> {
  return runProgram(process.execPath, ["--import", "tsx", path, ...args], environment)
}

/** Runs a program in this repository, and waits for its end. */
export async function runProgram(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ProgramEnd> {
  const program = spawn(command, args, {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const output = Promise.all([text(program.stdout), text(program.stderr)])
  await once(program, "close")
  const [stdout, stderr] = await output
  return { status: program.exitCode, stdout, stderr }
}

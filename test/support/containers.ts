import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"

const repository = join(__dirname, "..", "..")

/** A container that runs. */
export interface StartedContainer {
  getConnectionUri(withRoot?: boolean): string
  stop(): Promise<unknown>
}

/** What is used of the containers of testcontainers. */
export interface DatabaseContainer {
  withCommand(command: readonly string[]): this
  withWaitStrategy(strategy: unknown): this
  withStartupTimeout(milliseconds: number): this
  start(): Promise<StartedContainer>
}

/** What is used of testcontainers itself. */
export interface Testcontainers {
  readonly Wait: {
    forAll(strategies: readonly unknown[]): unknown
    forListeningPorts(): unknown
    forLogMessage(message: string, times: number): unknown
  }
}

/**
 * Returns a package of testcontainers, whose 176 packages are installed, in tools/containers, when
 * Docker answers for the first time. Their types would have to be there before.
 */
export function requireContainers(name: string): unknown {
  execFileSync(process.execPath, [join(repository, "tools", "run.mjs"), "tools/containers"], {
    stdio: ["ignore", process.stderr, process.stderr],
  })
  return createRequire(join(repository, "tools", "containers", "package.json"))(name)
}

import { exitCodes } from "./exit-code"

/**
 * Keeps a command at work when what it prints cannot be written: `head` goes away when it has seen
 * enough, and a disk may be full. A result that is lost is a failure; one that nobody reads is none.
 */
export function surviveOutput(): void {
  process.stdout.on("error", ({ code = "an error" }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") return
    process.exitCode = exitCodes.failed
    process.stderr.write(`error: The result could not be written: ${code}.\n`)
  })
  // It shows progress, which no work depends on
  process.stderr.on("error", () => undefined)
}

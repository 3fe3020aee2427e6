#!/usr/bin/env node
import { CommanderError } from "commander"

import { renderError } from "./describe-error"
import { exitCodes, UsageError } from "./exit-code"
import { createProgram } from "./program"
import { surviveOutput } from "./survive-output"

surviveOutput()
void main(process.argv)

/**
 * Sets the exit code instead of exiting, so that output to a pipe is flushed. A command fails by
 * throwing; one that has work left pending sets `process.exitCode` itself.
 */
async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
      return
    }
    process.stderr.write(`error: ${renderError(error, argv.includes("--verbose"))}\n`)
    process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  }
}

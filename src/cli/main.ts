#!/usr/bin/env node
import { readFileSync } from "node:fs"
import { join } from "node:path"

import { Command, CommanderError } from "commander"

import {
  registerColumnDecrypt,
  registerColumnEncrypt,
  registerColumnIndex,
  registerColumnRotate,
} from "./column-change"
import { registerColumnStatus } from "./column-status"
import { registerColumnUses } from "./column-uses"
import { registerColumnVerify } from "./column-verify"
import { renderError } from "./describe-error"
import { exitCodes, UsageError } from "./exit-code"
import { registerKeyGenerate } from "./key-generate"
import { registerMigrationCreate } from "./migration-create"
import { surviveOutput } from "./survive-output"

/** Each command is a file that exports a function adding it to the program. */
const commands = [
  registerKeyGenerate,
  registerColumnUses,
  registerColumnStatus,
  registerColumnIndex,
  registerColumnEncrypt,
  registerColumnRotate,
  registerColumnDecrypt,
  registerColumnVerify,
  registerMigrationCreate,
]

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

function createProgram(): Command {
  const program = new Command("typeorm-fernet")
    .description("Manage encrypted TypeORM columns and their keys.")
    .version(readVersion())
    .showHelpAfterError("Add --help to see the usage.")
    .exitOverride()
  for (const register of commands) register(program)
  return program
}

/** `src/cli` and `dist/cli` lie equally deep below the package. */
function readVersion(): string {
  const manifest = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")
  // our own package.json
  return (JSON.parse(manifest) as { version: string }).version
}

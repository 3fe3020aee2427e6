import { readFileSync } from "node:fs"
import { join } from "node:path"

import { Command } from "commander"

import {
  registerColumnDecrypt,
  registerColumnEncrypt,
  registerColumnIndex,
  registerColumnRotate,
} from "./column-change"
import { registerColumnStatus } from "./column-status"
import { registerColumnUses } from "./column-uses"
import { registerColumnVerify } from "./column-verify"
import { registerKeyGenerate } from "./key-generate"
import { registerMigrationCreate } from "./migration-create"

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

/** Returns the program with all its commands. It throws where it would exit. */
export function createProgram(): Command {
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

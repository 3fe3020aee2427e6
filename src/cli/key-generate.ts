import type { Command } from "commander"

import { generateKey } from "../fernet/key"
import { assignKey } from "./assign-key"
import { rewriteFile } from "./rewrite-file"

interface KeyGenerateOptions {
  /** The env file to write the key to. Defaults to standard output. */
  readonly env?: string
}

/** Adds `key:generate` to a program: a new key on stdout, or in an env file and shown nowhere. */
export function registerKeyGenerate(program: Command): void {
  program
    .command("key:generate")
    .description("make a key and print it, or add it to an env file")
    .option("--env <file>", "add ENCRYPTION_KEY to this file, made if absent, and print no key")
    .action(({ env }: KeyGenerateOptions) => {
      if (env === undefined) process.stdout.write(`${generateKey()}\n`)
      else writeKey(env)
    })
}

function writeKey(path: string): void {
  const mode = rewriteFile(path, (text) => assignKey(text, generateKey(), path))
  process.stderr.write(`Added ENCRYPTION_KEY to ${path}.\n`)
  if (process.platform !== "win32" && (mode & 0o044) !== 0) {
    process.stderr.write(
      `warning: ${path} is readable by other users (mode ${mode.toString(8)}); chmod 600 it.\n`,
    )
  }
}

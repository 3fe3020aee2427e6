import { type Command, InvalidArgumentError } from "commander"

import { generateKey } from "../fernet/key"
import { assignKey } from "./assign-key"
import { rewriteFile } from "./rewrite-file"

interface KeyGenerateOptions {
  /** The env file to write the key to. Defaults to standard output. */
  readonly env?: string
  /** The variable to set there. */
  readonly name: string
}

/** Adds `key:generate` to a program: a new key on stdout, or in an env file and shown nowhere. */
export function registerKeyGenerate(program: Command): void {
  program
    .command("key:generate")
    .description("make a key and print it, or add it to an env file")
    .option("--env <file>", "add the key to this file, made if absent, and print no key")
    .option(
      "--name <variable>",
      "the variable to set there, as BLIND_INDEX_KEY",
      parseVariable,
      "ENCRYPTION_KEY",
    )
    .action(({ env, name }: KeyGenerateOptions) => {
      if (env === undefined) process.stdout.write(`${generateKey()}\n`)
      else writeKey(env, name)
    })
}

function parseVariable(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  throw new InvalidArgumentError("It must be the name of a variable.")
}

function writeKey(path: string, variable: string): void {
  const mode = rewriteFile(path, (text) => assignKey(text, generateKey(), path, variable))
  process.stderr.write(`Added ${variable} to ${path}.\n`)
  if (process.platform !== "win32" && (mode & 0o040) !== 0) {
    process.stderr.write(
      `warning: ${path} is readable by its group (mode ${mode.toString(8)}); chmod 600 it.\n`,
    )
  }
}

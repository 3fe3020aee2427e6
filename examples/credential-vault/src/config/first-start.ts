import { randomBytes } from "node:crypto"
import { parseEnv } from "node:util"

import { generateKey } from "typeorm-fernet"

import { envFile } from "./paths.js"
import { readIfThere, writeSecretFile } from "./secret-file.js"

/** What the vault makes for itself, and how. */
const madeAtFirstStart: Readonly<Record<string, () => string>> = {
  ENCRYPTION_KEY: generateKey,
  BACKUP_ENCRYPTION_KEY: generateKey,
  SESSION_SECRET: () => randomBytes(32).toString("base64url"),
  POSTGRES_PASSWORD: () => randomBytes(24).toString("base64url"),
}

/**
 * Reads the env file, and makes the secrets that are neither there nor in the environment. In production
 * it makes none: a second key beside the data's own would be found out too late.
 *
 * @returns the names of those that were made
 */
export function prepareSecrets(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const path = envFile()
  const text = readIfThere(path)
  const kept = parseEnv(text)
  const isGiven = (name: string) => env[name] ?? env[`${name}_FILE`] ?? kept[name]
  const missing = Object.keys(madeAtFirstStart).filter((name) => !isGiven(name))
  const made = env.NODE_ENV === "production" ? [] : missing
  if (made.length > 0) {
    const lines = made.map((name) => `${name}=${madeAtFirstStart[name]?.()}\n`)
    const separator = text === "" || text.endsWith("\n") ? "" : "\n"
    writeSecretFile(path, `${text}${separator}${lines.join("")}`)
  }
  for (const [name, value] of Object.entries(parseEnv(readIfThere(path)))) {
    // The keys of the data are read from the file whenever they are needed: a rotation adds to them
    if (name !== "ENCRYPTION_KEY") env[name] ??= value
  }
  return made
}

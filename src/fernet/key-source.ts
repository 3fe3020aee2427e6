import { readFileSync } from "node:fs"

import { KeyError } from "../errors"
import { parseKeys } from "./key"

/** What a variable may be called. */
const VARIABLE_NAME = /^[A-Za-z_]\w*$/

/**
 * Reads keys from the environment: from `ENCRYPTION_KEY`, or from the file whose path is in
 * `ENCRYPTION_KEY_FILE`. Either holds one key or several, separated by commas or line breaks, the
 * one to encrypt with first. A variable that is set but empty counts as absent.
 *
 * @param env - the variables to read; defaults to `process.env`
 * @param variable - the name of the variable to read instead of `ENCRYPTION_KEY`; with `_FILE` behind it,
 * the one that names a file
 * @throws {@link KeyError} `ERR_KEY_MISSING` if there is no key or the file cannot be read;
 * `ERR_KEY_INVALID` if both variables are set, or a key is malformed or occurs twice
 */
export function keysFromEnv(
  env: NodeJS.ProcessEnv = process.env,
  variable = "ENCRYPTION_KEY",
): readonly string[] {
  // Not shown: it may be a key that was given in place of the name
  if (!VARIABLE_NAME.test(variable)) {
    throw new KeyError("ERR_KEY_MISSING", "What was given to read keys from is no variable's name.")
  }
  const [value, path] = [read(env, variable), read(env, `${variable}_FILE`)]
  if (value !== "" && path !== "") {
    throw new KeyError(
      "ERR_KEY_INVALID",
      `${variable} and ${variable}_FILE are both set; unset one of them.`,
    )
  }
  if (value !== "") return splitKeys(value, variable)
  if (path !== "") {
    return splitKeys(readKeyFile(path, variable), `the file ${path} (${variable}_FILE)`)
  }
  throw new KeyError(
    "ERR_KEY_MISSING",
    `${env[variable] === undefined ? "There is no encryption key" : `${variable} is empty`}. Set ` +
      `${variable} to a key or ${variable}_FILE to the path of a file that holds one; ` +
      "`npx typeorm-fernet key:generate` makes a key.",
  )
}

/** Says whether the environment is to give keys of this kind, right or wrong. */
export function hasKeysInEnv(env: NodeJS.ProcessEnv, variable: string): boolean {
  return read(env, variable) !== "" || read(env, `${variable}_FILE`) !== ""
}

/** Returns the name of the variable that the environment gives keys of this kind by, its own if by none. */
export function variableInEnv(variable: string): string {
  const file = `${variable}_FILE`
  return read(process.env, file) === "" ? variable : file
}

function read(env: NodeJS.ProcessEnv, name: string): string {
  return env[name]?.trim() ?? ""
}

/** Only the ends are trimmed before splitting, so a trailing comma leaves an empty key to report. */
function splitKeys(list: string, origin: string): readonly string[] {
  const keys = list.trim().split(/\s*[,\n]\s*/)
  parseKeys(keys, origin)
  return keys
}

function readKeyFile(path: string, variable: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    // node:fs throws nothing else
    const { code } = error as NodeJS.ErrnoException & { code: string }
    if (mayBeKey(path)) {
      throw new KeyError(
        "ERR_KEY_MISSING",
        `The file named by ${variable}_FILE cannot be read (${code}). The name is not shown because it ` +
          `may be a key; a key belongs in ${variable}.`,
      )
    }
    throw new KeyError(
      "ERR_KEY_MISSING",
      `The file ${path} (${variable}_FILE) cannot be read (${code}).`,
      { cause: error },
    )
  }
}

/** A key put in the wrong variable must not be printed as a path, nor reach the cause. */
function mayBeKey(path: string): boolean {
  return path.length >= 32 && (path.includes("=") || !/^\/|[.\\]/.test(path))
}

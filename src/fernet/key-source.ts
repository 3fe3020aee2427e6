import { readFileSync } from "node:fs"

import { KeyError } from "../errors"
import { parseKeys } from "./key"

const KEY = "ENCRYPTION_KEY"
const KEY_FILE = "ENCRYPTION_KEY_FILE"

/**
 * Reads the keys from the environment: from `ENCRYPTION_KEY`, or from the file whose path is in
 * `ENCRYPTION_KEY_FILE`. Either holds one key or several, separated by commas or line breaks, the
 * one to encrypt with first. A variable that is set but empty counts as absent.
 *
 * @param env - the variables to read; defaults to `process.env`
 * @throws {@link KeyError} `ERR_KEY_MISSING` if there is no key or the file cannot be read;
 * `ERR_KEY_INVALID` if both variables are set, or a key is malformed or occurs twice
 */
export function keysFromEnv(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const value = env[KEY]?.trim() ?? ""
  const path = env[KEY_FILE]?.trim() ?? ""
  if (value !== "" && path !== "") {
    throw new KeyError("ERR_KEY_INVALID", `${KEY} and ${KEY_FILE} are both set; unset one of them.`)
  }
  if (value !== "") return splitKeys(value, KEY)
  if (path !== "") return splitKeys(readKeyFile(path), `the file ${path} (${KEY_FILE})`)
  throw new KeyError(
    "ERR_KEY_MISSING",
    `${env[KEY] === undefined ? "There is no encryption key" : `${KEY} is empty`}. Set ${KEY} to a ` +
      `key or ${KEY_FILE} to the path of a file that holds one; ` +
      "`npx typeorm-fernet key:generate` makes a key.",
  )
}

/** Only the ends are trimmed before splitting, so a trailing comma leaves an empty key to report. */
function splitKeys(list: string, origin: string): readonly string[] {
  const keys = list.trim().split(/\s*[,\n]\s*/)
  parseKeys(keys, origin)
  return keys
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    // node:fs throws nothing else
    const { code } = error as NodeJS.ErrnoException & { code: string }
    if (mayBeKey(path)) {
      throw new KeyError(
        "ERR_KEY_MISSING",
        `The file named by ${KEY_FILE} cannot be read (${code}). The name is not shown because it ` +
          `may be a key; a key belongs in ${KEY}.`,
      )
    }
    throw new KeyError(
      "ERR_KEY_MISSING",
      `The file ${path} (${KEY_FILE}) cannot be read (${code}).`,
      { cause: error },
    )
  }
}

/** A key put in the wrong variable must not be printed as a path, nor reach the cause. */
function mayBeKey(path: string): boolean {
  return path.length >= 32 && (path.includes("=") || !/^\/|[.\\]/.test(path))
}

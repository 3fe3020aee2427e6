import * as fs from "node:fs"

/** What is known of a file before it is rewritten; `stats` are absent if there is no file yet. */
interface Original {
  readonly text: string
  readonly stats?: fs.Stats
}

/**
 * Replaces the content of a file, made if absent, so that every reader sees the old or the new and
 * never a part. The new content goes to `<path>.lock`, which is created exclusively and then
 * renamed: of two processes at once, one fails. Mode, owner and symbolic links are kept; a new file
 * has mode 600, whatever the umask.
 *
 * @param rewrite - from the old content, empty if there is no file, to the new; both in Latin-1,
 * which keeps every byte
 * @returns the permission bits of the file
 * @throws Error if the path is not a regular file that may be written, if everybody can read it, if the
 * lock is taken, or whatever `rewrite` throws; the file is then as before
 */
export function rewriteFile(path: string, rewrite: (text: string) => string): number {
  const target = resolveTarget(path)
  const lock = `${target}.lock`
  const descriptor = openLock(lock)
  try {
    const mode = writeReplacement(descriptor, target, rewrite)
    fs.renameSync(lock, target)
    return mode
  } catch (error) {
    fs.rmSync(lock, { force: true })
    throw error
  }
}

/** A rename would replace a symbolic link, so the file behind it is replaced instead. */
function resolveTarget(path: string): string {
  const exists = fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined
  return exists ? fs.realpathSync(path) : path
}

function openLock(lock: string): number {
  try {
    return fs.openSync(lock, "wx", 0o600)
  } catch (error) {
    // node:fs throws nothing else
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    throw new Error(`${lock} exists: another process is writing. Delete it if none is.`, {
      cause: error,
    })
  }
}

/** Reads under the lock, so that what another process wrote just before is seen. */
function writeReplacement(
  descriptor: number,
  target: string,
  rewrite: (text: string) => string,
): number {
  try {
    const { text, stats } = readOriginal(target)
    const rewritten = rewrite(text)
    if (stats !== undefined) requireSecret(target, stats)
    fs.writeFileSync(descriptor, rewritten, "latin1")
    if (stats !== undefined) keepOwner(descriptor, stats)
    const mode = stats === undefined ? 0o600 : stats.mode & 0o777
    fs.fchmodSync(descriptor, mode)
    fs.fsyncSync(descriptor)
    return mode
  } finally {
    fs.closeSync(descriptor)
  }
}

function readOriginal(target: string): Original {
  const stats = fs.statSync(target, { throwIfNoEntry: false })
  if (stats === undefined) return { text: "" }
  if (!stats.isFile()) throw new Error(`${target} is not a regular file.`)
  // a rename needs no right to write the file it replaces
  fs.accessSync(target, fs.constants.W_OK)
  return { text: fs.readFileSync(target, "latin1"), stats }
}

/** Whoever reads the file, by whatever link, would read what is written to it. */
function requireSecret(target: string, { mode }: fs.Stats): void {
  if (process.platform === "win32" || (mode & 0o004) === 0) return
  const permissions = (mode & 0o777).toString(8)
  throw new Error(
    `${target} is readable by every user (mode ${permissions}), and was left as it is; chmod 600 it first.`,
  )
}

function keepOwner(descriptor: number, { uid, gid }: fs.Stats): void {
  const own = fs.fstatSync(descriptor)
  if (own.uid !== uid || own.gid !== gid) fs.fchownSync(descriptor, uid, gid)
}

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs"
import { dirname } from "node:path"

/** Returns what a file holds, or nothing if there is none. */
export function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : ""
}

/** Writes a file that only its owner reads, whole or not at all, however the process ends. */
export function writeSecretFile(path: string, text: string): void {
  const beside = `${path}.${process.pid}.new`
  const file = openSync(beside, "w", 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
  syncFolder(dirname(path))
}

/** The new name of the file must survive a power cut as well. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return
  const folder = openSync(path, "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

import { createHash, type Hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"

import type { Keyring } from "typeorm-fernet"

/** What a backup says of itself, in its last line. */
export interface Manifest {
  readonly kind: "manifest"
  readonly format: 1
  readonly made_at: string
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>
  /** Of the keys that the cells need: not secrets. */
  readonly key_fingerprints: readonly string[]
  /** The migrations that the tables come from. */
  readonly migrations: readonly string[]
  /** SHA-256 of all lines before. */
  readonly digest: string
}

/** One row of a table, as PostgreSQL writes it as JSON. Its encrypted cells are tokens here, too. */
export interface BackupRow {
  readonly kind: "row"
  /** Counted from 0, over all tables. */
  readonly number: number
  readonly table: string
  readonly row: string
}

/** The file is no whole backup, or under another key. */
export class BackupError extends Error {}

/** Turns what is in a backup into lines, each a token under the backup's key, or JSON without one. */
export class BackupLines {
  readonly #digest: Hash = createHash("sha256")
  readonly #keyring: Keyring | undefined
  #number = 0

  constructor(keyring: Keyring | undefined) {
    this.#keyring = keyring
  }

  /** Returns the line of a row. */
  row(table: string, row: string): string {
    const content: BackupRow = { kind: "row", number: this.#number++, table, row }
    const line = this.#line(content)
    this.#digest.update(line)
    return line
  }

  /** Returns the last line. */
  manifest(facts: Omit<Manifest, "digest" | "format" | "kind">): string {
    const digest = this.#digest.digest("hex")
    return this.#line({ kind: "manifest", format: 1, ...facts, digest })
  }

  #line(content: BackupRow | Manifest): string {
    const text = JSON.stringify(content)
    return `${this.#keyring ? this.#keyring.encrypt(text) : text}\n`
  }
}

/**
 * Reads a backup from its beginning to its end, and only at the end says that it was whole. What is
 * done with a row before must be undone if it throws.
 *
 * @throws {@link BackupError} if a line is missing, was changed or moved, or is under another key
 */
export async function readBackup(
  path: string,
  keyring: Keyring | undefined,
  take: (row: BackupRow) => Promise<void> | void,
): Promise<Manifest> {
  const digest = createHash("sha256")
  const tables = new Map<string, number>()
  let [number, manifest] = [0, undefined as Manifest | undefined]
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    if (manifest) throw new BackupError("Something follows the end of the backup.")
    const content = parse(line, keyring, number)
    if (content.kind === "manifest") {
      manifest = content
      continue
    }
    if (content.number !== number)
      throw new BackupError(`Line ${number + 1} is not the one that belongs there.`)
    digest.update(`${line}\n`)
    number++
    tables.set(content.table, (tables.get(content.table) ?? 0) + 1)
    await take(content)
  }
  if (!manifest) throw new BackupError("The backup has no end: its last lines are missing.")
  const isCounted = Object.entries(manifest.tables).every(
    ([table, rows]) => (tables.get(table) ?? 0) === rows,
  )
  if (!isCounted || manifest.digest !== digest.digest("hex")) {
    throw new BackupError("The backup does not hold what its last line says.")
  }
  return manifest
}

function parse(line: string, keyring: Keyring | undefined, number: number): BackupRow | Manifest {
  try {
    return JSON.parse(keyring ? keyring.decryptText(line) : line) as BackupRow | Manifest
  } catch {
    throw new BackupError(
      `Line ${number + 1} cannot be read: it was changed, or is under another key, or ` +
        "BACKUP_ENCRYPTION_ENABLED is not what it was.",
    )
  }
}

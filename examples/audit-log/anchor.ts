import { readFile, rename, open, readdir, mkdir } from "node:fs/promises"
import { join } from "node:path"

import type { Head } from "./chain.ts"

/** Where heads are kept that the table is compared with: where whoever may write to it may not. */
export interface Anchor {
  /** Takes note of where the chain of a writer ends. */
  put(head: Head): Promise<void>
  /** Returns the heads of all writers. */
  all(): Promise<readonly Head[]>
}

/** Heads in a folder. In production: a bucket with object lock, another account's database, a log that is shipped. */
export class FolderAnchor implements Anchor {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async put(head: Head): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const path = join(this.#folder, `${head.writer}.json`)
    const file = await open(`${path}.new`, "w")
    try {
      await file.writeFile(JSON.stringify(head))
      await file.sync()
    } finally {
      await file.close()
    }
    // Whoever is killed here leaves the head before, and no half of one
    await rename(`${path}.new`, path)
  }

  async all(): Promise<readonly Head[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const heads = names.filter((name) => name.endsWith(".json"))
    return Promise.all(
      heads.map(async (name) => JSON.parse(await readFile(join(this.#folder, name), "utf8"))),
    )
  }
}

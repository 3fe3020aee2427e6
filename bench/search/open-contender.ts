import type { DataSourceOptions } from "typeorm"

import type { Job, Opened } from "../measure/apart"
import { repeatingAsync } from "../measure/operation"
import { emailOf, openTable } from "./tables"

/** What the process of one contender does whenever its turn comes. */
export interface SearchJob extends Job {
  readonly connection: DataSourceOptions
  /** Rows of the table. */
  readonly rows: number
  /** Searches in one turn. */
  readonly searches: number
}

/** Connects to the table of one contender. */
export async function openContender(job: SearchJob): Promise<Opened> {
  const { name, connection, rows, searches } = job
  const [source, repository] = await openTable(connection, name)
  let turn = 0
  const contender = repeatingAsync(name, {
    async run() {
      for (let i = 0; i < searches; i++) {
        // A prime, so that every search is for another row
        const id = 1 + ((turn++ * 7919) % rows)
        const found = await repository.findOneBy({ email: emailOf(id) })
        if (found?.id !== id) throw new Error(`${name}: row ${id} was not found.`)
      }
    },
  })
  return { ...contender, close: () => source.destroy() }
}

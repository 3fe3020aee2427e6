import type { DataSourceOptions } from "typeorm"

import type { Job } from "../measure/apart"

/** What the process of one contender does whenever its turn comes. */
export interface ContenderJob extends Job {
  /** The name of the variant that it works with, and its own. */
  readonly name: string
  readonly work: Work
  readonly connection: DataSourceOptions
  /** Rows that are inserted or saved; what is found is all there are. */
  readonly rows: number
  /** How many times it does so in one turn. Defaults to once. */
  readonly times?: number
}

/** What is compared between variants. */
export type Work = "find" | "find documents" | "insert" | "save, changed" | "save, unchanged"

import type { QueryRunner } from "typeorm"

import { MethodReplacements } from "../method-replacements"
import { redactSought } from "./sought-plaintext"
import type { Driver, StructuredResult } from "../typeorm-internals"

/** A row of a result, by the aliases of its columns. */
export type FetchedRow = Readonly<Record<string, unknown>>

/** The rows that a DataSource fetched last, to become entities. Does not keep them alive. */
export class FetchedRows {
  #rows: WeakRef<readonly FetchedRow[]> | undefined
  #fetches = 0

  /** Rows, unless they are gone. */
  get rows(): readonly FetchedRow[] | undefined {
    return this.#rows?.deref()
  }

  /** How often rows were fetched: tells one result from the next. */
  get fetches(): number {
    return this.#fetches
  }

  /** Takes note of the rows of the next result. */
  note(rows: readonly FetchedRow[]): void {
    this.#rows = new WeakRef(rows)
    this.#fetches++
  }
}

/**
 * Wraps `query` of each query runner that a driver creates, to take note of what it fetches, and to
 * keep what is sought out of its errors.
 */
export function watchFetchedRows(driver: Driver, fetched: FetchedRows): void {
  const replacements = new MethodReplacements<QueryRunner>({
    query: async (_runner, query, args) => {
      const result = await Promise.resolve(query(...args)).catch((error: unknown) => {
        throw redactSought(error, args[1])
      })
      // What becomes entities is asked for with its structure; see SelectQueryBuilder.loadRawResults
      const { records } = (result ?? {}) as StructuredResult
      if (Array.isArray(records)) fetched.note(records as readonly FetchedRow[])
      return result
    },
  })
  const createQueryRunner = driver.createQueryRunner.bind(driver)
  driver.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode)
    // SQLite's driver returns the same one again and again
    replacements.assignTo(runner)
    return runner
  }
}

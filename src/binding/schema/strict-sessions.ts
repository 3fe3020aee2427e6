import type { QueryRunner } from "typeorm"

import type { StrictSession } from "../../dialect/driver-facts"
import { type Method, MethodReplacements } from "../method-replacements"
import type { Driver } from "../typeorm-internals"

/**
 * Gives sessions their modes back where a statement of a generated migration fails: what follows it in
 * the migration, the statement that does so among it, is not run, and the pool hands the session on.
 */
export function endStrictSessions(driver: Driver, { begin, end }: StrictSession): void {
  const strict = new WeakSet<QueryRunner>()
  const sendStrictly = async (
    runner: QueryRunner,
    query: Method,
    args: readonly unknown[],
  ): Promise<unknown> => {
    try {
      return await query.apply(runner, [...args])
    } catch (error) {
      strict.delete(runner)
      try {
        await query.call(runner, end)
      } catch {
        // On a connection that is lost there is nothing to give back
      }
      throw error
    }
  }
  const replacements = new MethodReplacements<QueryRunner>({
    query: (runner, query, args) => {
      if (args[0] === begin) strict.add(runner)
      else if (args[0] === end) strict.delete(runner)
      return strict.has(runner) ? sendStrictly(runner, query, args) : query.apply(runner, args)
    },
  })
  const createQueryRunner = driver.createQueryRunner.bind(driver)
  driver.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode)
    replacements.assignTo(runner)
    return runner
  }
}

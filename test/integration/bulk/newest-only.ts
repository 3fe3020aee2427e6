import { describe } from "@jest/globals"

declare const typeormAlias: string

/**
 * Declares tests for one TypeORM only: those that take seconds, and what they show is between us and
 * the database. A child process would load that one anyway.
 */
export function newestOnly(declare: () => void): void {
  if (typeormAlias === "typeorm") declare()
  else describe.skip("(tested with the newest TypeORM)", declare)
}

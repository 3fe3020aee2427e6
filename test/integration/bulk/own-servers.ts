import { describe, test } from "@jest/globals"

import { embeddedBinaries, type ServerBinaries } from "../../support/postgres/server-binaries"
import { reason } from "../../support/reason"
import { newestOnly } from "./newest-only"

/**
 * Declares tests on PostgreSQL servers of their own, for one TypeORM only; skips them aloud where there
 * are no binaries to start them from.
 *
 * @param needs - what is missing then
 */
export function describeOnOwnServers(
  title: string,
  needs: string,
  declare: (binaries: ServerBinaries) => void,
): void {
  const found = binariesHere()
  if ("skipped" in found) {
    describe.skip(`${title} (skipped: ${found.skipped})`, () => {
      test.todo(needs)
    })
    return
  }
  newestOnly(() => {
    describe(title, () => {
      declare(found)
    })
  })
}

function binariesHere(): ServerBinaries | { readonly skipped: string } {
  try {
    return embeddedBinaries()
  } catch (error) {
    return { skipped: reason(error) }
  }
}

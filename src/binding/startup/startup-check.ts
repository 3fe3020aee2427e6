import type { DataSource } from "typeorm"

import { isTypeormCli } from "./typeorm-cli"

/** What is asked of a DataSource before its `initialize()` resolves. */
export type StartupCheck = (dataSource: DataSource) => Promise<void> | void

/** Under `Symbol.for`, since a command may come with a second copy of the package. */
const SKIPPED = Symbol.for("typeorm-fernet.startup-check-skipped")

type Skipping = DataSource & { [SKIPPED]?: true }

/**
 * Has a DataSource checked whenever it is initialized: after its migrations, which may have been what it
 * needed. If it fails the DataSource is destroyed. TypeORM's own commands are not kept from mending
 * what it would find.
 */
export function checkAtStart(dataSource: DataSource, check: StartupCheck): void {
  const initialize = dataSource.initialize.bind(dataSource)
  dataSource.initialize = async () => {
    await initialize()
    if ((dataSource as Skipping)[SKIPPED] || isTypeormCli()) return dataSource
    try {
      await check(dataSource)
    } catch (error) {
      await dataSource.destroy()
      throw error
    }
    return dataSource
  }
}

/** Leaves the check out, for what is to mend what it would find. */
export function skipStartupCheck(dataSource: DataSource): void {
  const skipping: Skipping = dataSource
  skipping[SKIPPED] = true
}

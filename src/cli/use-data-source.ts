import type { DataSource } from "typeorm"

import { skipStartupCheck } from "../binding/startup/startup-check"
import { loadDataSource } from "./load-data-source"

/** Connections in the pools of the drivers, unless options say otherwise. */
const USUAL_POOL_SIZE = 10

/**
 * Loads and initializes a DataSource, uses it and destroys it. Nothing of its schema is touched,
 * whatever its options say: no synchronization, no migration.
 *
 * @param connections - how many will be open at once
 */
export async function useDataSource<Result>(
  path: string,
  connections: number,
  use: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = await loadDataSource(path)
  if (!dataSource.isInitialized) {
    widenPool(dataSource, connections + 1)
    dataSource.setOptions({
      subscribers: [],
      migrations: [],
      synchronize: false,
      migrationsRun: false,
      dropSchema: false,
    })
    skipStartupCheck(dataSource)
    await dataSource.initialize()
  }
  try {
    return await use(dataSource)
  } finally {
    await dataSource.destroy()
  }
}

/** Else the pool would wait for ever for a connection to come back. */
function widenPool({ options, driver }: DataSource, connections: number): void {
  const { poolSize = USUAL_POOL_SIZE } = options
  // Drivers' own options; TypeORM's type for them is any
  const extra = (options.extra ?? {}) as Readonly<Record<string, unknown>>
  const wider = Object.fromEntries(
    ["max", "connectionLimit"]
      .filter((name) => Number(extra[name]) < connections)
      .map((name) => [name, connections]),
  )
  const widened = {
    poolSize: Math.max(poolSize, connections),
    extra: { ...extra, ...wider },
  }
  // MySQL's driver has a copy of the options
  Object.assign(options, widened)
  Object.assign(driver.options, widened)
}

import type { DataSource } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { ColumnMisuseError } from "../../errors"
import { type SchemaRunner, schemaRunnerOf } from "../typeorm-internals"
import { looking } from "./looking"

/**
 * Drops what a schema step that was killed left, where a database commits each statement by itself:
 * TypeORM cannot load it. The values are in the columns that it was made of, and the step goes on.
 */
export async function dropLeftBeside(dataSource: DataSource, runner: SchemaRunner): Promise<void> {
  for (const statement of await leftBeside(dataSource, runner)) await runner.query(statement)
}

/**
 * Refuses to load what a schema step that was killed left, for who only lists statements.
 *
 * @throws {@link ColumnMisuseError} with the statements that drop it
 */
export async function refuseLeftBeside(
  dataSource: DataSource,
  runner: SchemaRunner,
): Promise<void> {
  const statements = await leftBeside(dataSource, runner)
  if (statements.length === 0) return
  throw new ColumnMisuseError(
    statements.map(
      (statement) =>
        "A schema step was killed and left a column that TypeORM cannot load. Run that step again, " +
        `which goes on, or run ${statement}.`,
    ),
  )
}

async function leftBeside(
  { driver, entityMetadatas, options }: DataSource,
  runner: SchemaRunner,
): Promise<readonly string[]> {
  const { findLeftBeside } = driverFacts(options.type)
  if (!findLeftBeside) return []
  const databases = new Set(entityMetadatas.map(({ database }) => database ?? driver.database))
  const found: string[] = []
  for (const database of databases) found.push(...(await findLeftBeside(looking(runner), database)))
  return found
}

/** Gives a query runner of its own to what happens before a schema builder makes one. */
export async function beforeBuilder(
  dataSource: DataSource,
  work: (dataSource: DataSource, runner: SchemaRunner) => Promise<void>,
): Promise<void> {
  if (!driverFacts(dataSource.options.type).findLeftBeside) return
  const runner = dataSource.createQueryRunner()
  try {
    await work(dataSource, schemaRunnerOf(runner))
  } finally {
    await runner.release()
  }
}

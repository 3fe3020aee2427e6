import type { DataSource, EntityMetadata, Table, TableColumn } from "typeorm"

import {
  type ColumnTarget,
  settingBack,
  type TypeChange,
} from "../../dialect/conversions/conversion"
import { driverFacts } from "../../dialect/driver-facts"
import { ColumnMisuseError } from "../../errors"
import type { MemorizedQuery, SchemaRunner } from "../typeorm-internals"
import { looking } from "./looking"
import { columnsNamed, entitiesOf, isOurs } from "./table-columns"
import { changesType, targetOf } from "./type-target"

/** A column of a table, and what it is to become. */
export interface ColumnChange {
  readonly oldColumn: TableColumn
  readonly newColumn: TableColumn
}

/** Plans how columns of a table get other types with every value kept, or what is in the way. */
export function planTypes(
  dataSource: DataSource,
  runner: SchemaRunner,
  table: Table,
  targets: readonly ColumnTarget[],
): Promise<TypeChange> {
  const open = { inTransaction: runner.isTransactionActive, connection: looking(runner) }
  const driver = dataSource.options.type
  const plan = driverFacts(driver).planTypes
  if (plan) return plan(open, runner.escapePath(table), targets)
  return Promise.resolve({
    problems: targets.map(
      ({ label, type }) =>
        `${label} is not of the type ${type}, and on ${driver} TypeORM would drop it to change ` +
        "that. Change it by a statement that keeps its values.",
    ),
    up: [],
    down: [],
  })
}

/**
 * Gives the encrypted columns and companions among changed ones their new types in place of TypeORM,
 * which would drop them and add empty ones, and takes note of it in what it knows of the table. Where
 * TypeORM copies the table instead, returns what it is to copy, and what is to run before it copies
 * back.
 *
 * @throws {@link ColumnMisuseError} before any statement, if a value would be lost
 */
export async function convertTypes(
  dataSource: DataSource,
  runner: SchemaRunner,
  { table, changes }: { readonly table: Table; readonly changes: readonly ColumnChange[] },
  timeZone: string | undefined,
): Promise<TypeChange | undefined> {
  const metadatas = entitiesOf(dataSource, table)
  const converted = changes.filter(
    ({ oldColumn, newColumn }) =>
      changesType(oldColumn, newColumn) && oursNamed(metadatas, newColumn.name).length > 0,
  )
  if (converted.length === 0) return undefined
  const targets = converted.flatMap(({ oldColumn, newColumn }) =>
    oursNamed(metadatas, newColumn.name)
      .slice(0, 1)
      .map((column) => ({
        ...targetOf(column, dataSource.driver.createFullType(newColumn), timeZone),
        name: oldColumn.name,
      })),
  )
  const change = await planTypes(dataSource, runner, table, targets)
  const { problems, up, down, copied } = change
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  if (copied) return change
  const run = (statements: readonly string[], back: readonly string[] = []): Promise<void> =>
    // TypeORM runs what takes changes back from its end
    runner.executeQueries(statements.map(toQuery), back.toReversed().map(toQuery))
  await settingBack(change, run, () => run(up, down))
  for (const { oldColumn, newColumn } of converted) takeOver(oldColumn, newColumn)
  return undefined
}

function oursNamed(metadatas: readonly EntityMetadata[], name: string) {
  return columnsNamed(metadatas, name).filter(isOurs)
}

/** Returns a statement as a query runner remembers it. */
export function toQuery(query: string): MemorizedQuery {
  return { query, parameters: undefined }
}

/** What of a column its type decides; the rest TypeORM changes by itself. */
const OF_TYPE = [
  ...["type", "length", "isArray", "width", "precision", "scale", "unsigned", "zerofill"],
  ...["enum", "enumName", "default", "onUpdate", "charset", "collation"],
] as const

function takeOver(oldColumn: TableColumn, newColumn: TableColumn): void {
  const [to, from] = [oldColumn, newColumn] as unknown as Record<string, unknown>[]
  if (to && from) for (const name of OF_TYPE) to[name] = from[name]
}

import type { DataSource, Table, TableColumn } from "typeorm"

import type { TypeChange } from "../../dialect/conversions/conversion"
import { driverFacts } from "../../dialect/driver-facts"
import { ColumnMisuseError } from "../../errors"
import { MethodReplacements } from "../method-replacements"
import { schemaBuilderInternalsOf, type SchemaRunner, schemaRunnerOf } from "../typeorm-internals"
import { dropOutdatedChecks } from "./judge-checks"
import { judgeSchema, type SchemaOptions } from "./judge-schema"
import { columnHoldsTokens } from "./leaving-tokens"
import { beforeBuilder, dropLeftBeside, refuseLeftBeside } from "./left-beside"
import { endStrictSessions } from "./strict-sessions"
import { columnsNamed, entitiesOf, isOurs } from "./table-columns"
import { copiedBy, type Queries } from "./table-copy"
import { type ColumnChange, convertTypes } from "./type-changes"
import { changesType } from "./type-target"

/** The runners at work for a schema builder whose changes were judged as a whole. */
type Judged = WeakSet<SchemaRunner>

/**
 * Wraps the schema builders and query runners of a DataSource. TypeORM changes a type by dropping the
 * column and adding an empty one: for encrypted columns and their companions the values are
 * converted in place of that, or the change is refused before anything is done.
 */
export function guardSchema(dataSource: DataSource, options: SchemaOptions): void {
  const judged: Judged = new WeakSet()
  judgeBuilders(dataSource, options, judged)
  guardRunners(dataSource, options, judged)
  const { strictSession } = driverFacts(dataSource.options.type)
  if (strictSession) endStrictSessions(dataSource.driver, strictSession)
}

function judgeBuilders(dataSource: DataSource, options: SchemaOptions, judged: Judged): void {
  const { driver } = dataSource
  const createSchemaBuilder = driver.createSchemaBuilder.bind(driver)
  driver.createSchemaBuilder = () => {
    const builder = createSchemaBuilder()
    const [build, log] = [builder.build.bind(builder), builder.log.bind(builder)]
    builder.build = async () => {
      await beforeBuilder(dataSource, dropLeftBeside)
      return build()
    }
    builder.log = async () => {
      await beforeBuilder(dataSource, refuseLeftBeside)
      return log()
    }
    const internals = schemaBuilderInternalsOf(builder)
    const execute = internals.executeSchemaSyncOperationsInProperOrder.bind(builder)
    // Both of synchronize and of what only lists statements, with the tables loaded and nothing sent
    internals.executeSchemaSyncOperationsInProperOrder = async () => {
      const { queryRunner: runner } = internals
      const problems = await judgeSchema(dataSource, runner, options)
      if (problems.length > 0) throw new ColumnMisuseError(problems)
      judged.add(runner)
      try {
        await dropOutdatedChecks(dataSource, runner)
        await execute()
      } finally {
        judged.delete(runner)
      }
    }
    return builder
  }
}

function guardRunners(dataSource: DataSource, options: SchemaOptions, judged: Judged): void {
  const guard = new RunnerGuard(dataSource, options, judged)
  const copies = new WeakMap<SchemaRunner, TypeChange>()
  const replacements = new MethodReplacements<SchemaRunner>({
    changeColumns: async (runner, original, [tableOrName, changes]) => {
      const table = await tableOf(dataSource, runner, tableOrName)
      const change = await guard.beforeChange(runner, table, changes as readonly ColumnChange[])
      if (!change) return original.call(runner, table, changes)
      copies.set(runner, change)
      try {
        return await original.call(runner, table, changes)
      } finally {
        copies.delete(runner)
      }
    },
    executeQueries: (runner, original, [up, down]) => {
      const change = copies.get(runner)
      if (!change) return original.call(runner, up, down)
      copies.delete(runner)
      return original.call(runner, ...copiedBy(change, up as Queries, down as Queries))
    },
    changeColumn: async (runner, original, [tableOrName, oldOrName, newColumn]) => {
      const table = await tableOf(dataSource, runner, tableOrName)
      const oldColumn = columnOf(table, oldOrName)
      const change = oldColumn && { oldColumn, newColumn: newColumn as TableColumn }
      // SQLite's changes columns in the plural
      const isCopied = guard.copies
      if (change && !isCopied) await guard.beforeChange(runner, table, [change])
      return original.call(runner, table, oldOrName, newColumn)
    },
    renameColumn: (runner, original, [tableOrName, oldOrName, newOrName]) => {
      // What TypeORM takes for a rename may be a change of type; SQLite would copy the table for it
      const isRename = nameOf(oldOrName) !== nameOf(newOrName)
      return isRename ? original.call(runner, tableOrName, oldOrName, newOrName) : Promise.resolve()
    },
    dropColumn: async (runner, original, [tableOrName, columnOrName, ...rest]) => {
      await guard.beforeDrop(runner, await tableOf(dataSource, runner, tableOrName), [columnOrName])
      return original.call(runner, tableOrName, columnOrName, ...rest)
    },
    dropColumns: async (runner, original, [tableOrName, columnsOrNames, ...rest]) => {
      const columns = columnsOrNames as readonly unknown[]
      await guard.beforeDrop(runner, await tableOf(dataSource, runner, tableOrName), columns)
      return original.call(runner, tableOrName, columnsOrNames, ...rest)
    },
  })
  const { driver } = dataSource
  const createQueryRunner = driver.createQueryRunner.bind(driver)
  driver.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode)
    replacements.assignTo(schemaRunnerOf(runner))
    return runner
  }
}

/** What is asked before a query runner changes columns, by a migration that was written by hand too. */
class RunnerGuard {
  readonly #dataSource: DataSource
  readonly #options: SchemaOptions
  readonly #judged: Judged

  constructor(dataSource: DataSource, options: SchemaOptions, judged: Judged) {
    this.#dataSource = dataSource
    this.#options = options
    this.#judged = judged
  }

  /** Whether TypeORM changes a column by copying its table. */
  get copies(): boolean {
    return driverFacts(this.#dataSource.options.type).copiesTables ?? false
  }

  async beforeChange(
    runner: SchemaRunner,
    table: Table,
    changes: readonly ColumnChange[],
  ): Promise<TypeChange | undefined> {
    const metadatas = entitiesOf(this.#dataSource, table)
    for (const { oldColumn, newColumn } of changes) {
      const declared = columnsNamed(metadatas, newColumn.name)
      const isKept = declared.length === 0 && oldColumn.name !== newColumn.name
      if (declared.some(isOurs) || isKept) continue
      if (oldColumn.name === newColumn.name && !changesType(oldColumn, newColumn)) continue
      await this.#refuseTokens(runner, table, oldColumn)
    }
    const { timeZone } = this.#options
    return convertTypes(this.#dataSource, runner, { table, changes }, timeZone)
  }

  async beforeDrop(
    runner: SchemaRunner,
    table: Table,
    columnsOrNames: readonly unknown[],
  ): Promise<void> {
    for (const columnOrName of columnsOrNames) {
      const column = columnOf(table, columnOrName)
      if (column) await this.#refuseTokens(runner, table, column)
    }
  }

  async #refuseTokens(runner: SchemaRunner, table: Table, column: TableColumn): Promise<void> {
    if (this.#judged.has(runner)) return
    const { driver } = this.#dataSource
    if (!(await columnHoldsTokens(runner, driver, table, column))) return
    const [path, name] = [runner.escapePath(table), driver.escape(column.name)]
    throw new ColumnMisuseError([
      `${table.name}.${column.name} holds tokens, which would be lost. Decrypt it first, by ` +
        "`decryptColumns` or `typeorm-fernet column:decrypt`; if its values are to be destroyed, run " +
        `ALTER TABLE ${path} DROP COLUMN ${name} as a query.`,
    ])
  }
}

async function tableOf(
  dataSource: DataSource,
  runner: SchemaRunner,
  tableOrName: unknown,
): Promise<Table> {
  if (typeof tableOrName !== "string") return tableOrName as Table
  await dropLeftBeside(dataSource, runner)
  return runner.getCachedTable(tableOrName)
}

function columnOf(table: Table, columnOrName: unknown): TableColumn | undefined {
  return typeof columnOrName === "string"
    ? table.columns.find(({ name }) => name === columnOrName)
    : (columnOrName as TableColumn)
}

function nameOf(columnOrName: unknown): string {
  return typeof columnOrName === "string" ? columnOrName : (columnOrName as TableColumn).name
}

import type { DataSource, EntityMetadata, Table } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import type { ConstraintState, TokenConstraint } from "../../dialect/schema-dialect"
import type { ColumnMetadata, SchemaRunner } from "../typeorm-internals"
import { looking } from "./looking"
import { entitiesOf, labelOf } from "./table-columns"

/** A column of the model whose CHECK TypeORM keeps, and whether the table has it. */
interface DeclaredCheck {
  readonly column: ColumnMetadata
  readonly constraint: TokenConstraint
  readonly state: ConstraintState
}

/**
 * Says which CHECKs that the model declares cannot be added to a table: of columns that hold
 * plaintext still, and under the name of another column's.
 */
export async function judgeChecks(
  dataSource: DataSource,
  runner: SchemaRunner,
  table: Table,
): Promise<readonly string[]> {
  const problems: string[] = []
  const { driver } = dataSource
  const path = runner.escapePath(table)
  for (const { column, constraint, state } of await declaredChecks(dataSource, runner, table)) {
    const { name, check, drop } = constraint
    if (state === "taken") {
      problems.push(
        `${labelOf(column)}: the constraint ${name} is about another column, as after a rename. Run ${drop}.`,
      )
    }
    const isThere = table.columns.some((one) => one.name === column.databaseName)
    if (!isThere || (state !== "absent" && state !== "outdated")) continue
    const cell = driver.escape(column.databaseName)
    const left: unknown = await runner.query(
      `SELECT 1 FROM ${path} WHERE ${cell} IS NOT NULL AND NOT (${check}) LIMIT 1`,
    )
    if ((left as readonly unknown[]).length === 0) continue
    problems.push(
      `${labelOf(column)} is constrained and holds plaintext. Encrypt it first, by ` +
        "`typeorm-fernet column:encrypt --constrain`, and then declare it `constrained`.",
    )
  }
  return problems
}

/** Drops the CHECKs that have another definition than the model's, in whose place TypeORM adds those. */
export async function dropOutdatedChecks(
  dataSource: DataSource,
  runner: SchemaRunner,
): Promise<void> {
  for (const table of runner.loadedTables) {
    for (const { constraint, state } of await declaredChecks(dataSource, runner, table)) {
      const found = table.checks.find(({ name }) => name === constraint.name)
      if (found && state === "outdated") await runner.dropCheckConstraint(table, found)
    }
  }
}

async function declaredChecks(
  dataSource: DataSource,
  runner: SchemaRunner,
  table: Table,
): Promise<readonly DeclaredCheck[]> {
  const { modelConstraint, modelConstraintState } = driverFacts(dataSource.options.type)
  if (!modelConstraint || !modelConstraintState) return []
  const path = runner.escapePath(table)
  const declared: DeclaredCheck[] = []
  for (const metadata of entitiesOf(dataSource, table).filter(isSynchronized)) {
    for (const column of metadata.columns) {
      const { databaseName } = column
      const constraint = modelConstraint(path, metadata.tableName, databaseName)
      if (!constraint || !metadata.checks.some(({ name }) => name === constraint.name)) continue
      const state = await modelConstraintState(looking(runner), path, constraint, databaseName)
      declared.push({ column, constraint, state })
    }
  }
  return declared
}

function isSynchronized({ synchronize }: EntityMetadata): boolean {
  return synchronize
}

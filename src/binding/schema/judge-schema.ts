import type { DataSource, EntityMetadata, Table } from "typeorm"

import { keysOf } from "../keys/keys"
import type { SchemaRunner } from "../typeorm-internals"
import { judgeChecks } from "./judge-checks"
import { columnHoldsTokens, findLeavingTokens } from "./leaving-tokens"
import { foreseeRename, type Rename } from "./renames"
import { entitiesOf, isOurs, labelOf } from "./table-columns"
import { planTypes } from "./type-changes"
import { changesType, declaredColumn, targetOf } from "./type-target"

/** What the schema step is to know beyond the model. */
export interface SchemaOptions {
  /** The zone of timestamps without one. */
  readonly timeZone: string | undefined
}

/**
 * Judges everything that TypeORM is about to do to the schema, before it does anything: returns what
 * would lose a value of an encrypted column, or hand out a token as one.
 */
export async function judgeSchema(
  dataSource: DataSource,
  runner: SchemaRunner,
  options: SchemaOptions,
): Promise<readonly string[]> {
  const problems: string[] = []
  for (const table of runner.loadedTables) {
    const metadatas = entitiesOf(dataSource, table).filter(
      ({ synchronize, tableType }) => synchronize && tableType !== "entity-child",
    )
    if (metadatas.length === 0) continue
    problems.push(...(await judgeTable(dataSource, runner, { table, metadatas }, options)))
    problems.push(...(await judgeChecks(dataSource, runner, table)))
  }
  return problems
}

async function judgeTable(
  dataSource: DataSource,
  runner: SchemaRunner,
  { table, metadatas }: { readonly table: Table; readonly metadatas: readonly EntityMetadata[] },
  { timeZone }: SchemaOptions,
): Promise<readonly string[]> {
  const { driver } = dataSource
  const renames = metadatas.flatMap((metadata) => foreseeRename(driver, metadata, table) ?? [])
  const problems: string[] = []
  for (const rename of renames) {
    problems.push(...(await judgeRename(dataSource, runner, table, rename)))
  }
  const targets = metadatas.flatMap(({ columns }) =>
    columns.filter(isOurs).flatMap((column) => {
      const found = table.columns.find(({ name }) => name === column.databaseName)
      const declared = declaredColumn(driver, column)
      if (!found || !changesType(found, declared)) return []
      return [targetOf(column, driver.createFullType(declared), timeZone)]
    }),
  )
  if (targets.length > 0) {
    problems.push(...(await planTypes(dataSource, runner, table, targets)).problems)
  }
  const keys = keysOf(dataSource)
  const keyring = keys?.loaded ? keys.get() : undefined
  const left = withoutRenamed(table, renames)
  problems.push(...(await findLeavingTokens(runner, driver, { table: left, metadatas }, keyring)))
  return problems
}

/** A renamed column that stays encrypted takes its tokens along. */
function withoutRenamed(table: Table, renames: readonly Rename[]): Table {
  const kept = renames.filter(({ to }) => isOurs(to)).map(({ from }) => from.name)
  if (kept.length === 0) return table
  const left = table.clone()
  left.columns = left.columns.filter(({ name }) => !kept.includes(name))
  return left
}

/** Values of a plain column under the name of an encrypted one would be taken for its plaintext. */
async function judgeRename(
  { driver }: DataSource,
  runner: SchemaRunner,
  table: Table,
  { from, to }: Rename,
): Promise<readonly string[]> {
  if (!isOurs(to)) return []
  const path = runner.escapePath(table)
  const [old, name] = [driver.escape(from.name), driver.escape(to.databaseName)]
  const isEncrypted = await columnHoldsTokens(runner, driver, table, from)
  if (isEncrypted && !changesType(from, declaredColumn(driver, to))) return []
  const filled: unknown = await runner.query(
    `SELECT 1 FROM ${path} WHERE ${old} IS NOT NULL LIMIT 1`,
  )
  if ((filled as readonly unknown[]).length === 0) return []
  return [
    `${labelOf(to)} is new in the model and ${table.name}.${from.name} is not in it any more, so ` +
      "TypeORM would take the one for the other. If it is the same column, run " +
      `ALTER TABLE ${path} RENAME COLUMN ${old} TO ${name}; if not, ` +
      `ALTER TABLE ${path} DROP COLUMN ${old}.`,
  ]
}

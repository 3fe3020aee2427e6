import type { Command } from "commander"
import type { DataSource, EntityMetadata } from "typeorm"

import type { ColumnMetadata } from "../binding/typeorm-internals"
import { boundColumn } from "../binding/columns/bound-column"
import { declarationOf } from "../column/declaration"
import type { ColumnUse } from "../dialect/column-uses"
import { openSession } from "../dialect/session"
import { UsageError } from "./exit-code"
import { findModelUses, type ModelUse } from "./model-uses"
import { useDataSource } from "./use-data-source"

interface ColumnUsesOptions {
  readonly dataSource: string
  readonly column?: readonly string[]
  readonly json?: boolean
}

/** A column of an entity, encrypted or not yet. */
interface ModelColumn {
  /** As `Entity.property`. */
  readonly label: string
  readonly metadata: EntityMetadata
  readonly column: ColumnMetadata
}

/** What uses one column; what the command prints with `--json`. */
interface FoundUses {
  readonly column: string
  readonly model: readonly ModelUse[]
  readonly database: readonly ColumnUse[]
}

/** Adds `column:uses` to a program: what compares, sorts or computes by a column that is to be encrypted. */
export function registerColumnUses(program: Command): void {
  program
    .command("column:uses")
    .description(
      "look in the model and the database for what uses columns, before you encrypt them",
    )
    .requiredOption("-d, --dataSource <path>", "file that exports the DataSource")
    .option(
      "--column <Entity.property...>",
      "properties, encrypted or not yet (default: all that are encrypted)",
    )
    .option("--json", "print one JSON object on stdout")
    .option("--verbose", "show where an error comes from")
    .action(async (options: ColumnUsesOptions) => {
      const found = await useDataSource(options.dataSource, 1, (dataSource) =>
        findUses(dataSource, options.column ?? []),
      )
      const isJson = options.json ?? false
      process.stdout.write(isJson ? `${JSON.stringify({ columns: found })}\n` : render(found))
    })
}

async function findUses(
  dataSource: DataSource,
  labels: readonly string[],
): Promise<readonly FoundUses[]> {
  const columns = chooseColumns(dataSource, labels)
  const runner = dataSource.createQueryRunner()
  try {
    const { connection, dialect, schema } = await openSession(runner, dataSource.options.type)
    const found: FoundUses[] = []
    for (const { label, metadata, column } of columns) {
      const path = metadata.tablePath
        .split(".")
        .map((part) => dialect.escape(part))
        .join(".")
      const named = { path, table: metadata.tableName, column: column.databaseName }
      found.push({
        column: label,
        model: findModelUses(dataSource, metadata, column),
        database: await schema.findUses(connection, named),
      })
    }
    return found
  } finally {
    await runner.release()
  }
}

/** A column of several entities on one table is looked at once. */
function chooseColumns(
  { entityMetadatas }: DataSource,
  labels: readonly string[],
): readonly ModelColumn[] {
  const all = entityMetadatas
    .filter(({ tableType }) => tableType !== "view")
    .flatMap((metadata) =>
      metadata.columns.map((column) => ({
        label: `${metadata.name}.${column.propertyPath}`,
        metadata,
        column,
      })),
    )
  const chosen =
    labels.length > 0
      ? labels.map((label) => all.find((one) => one.label === label) ?? unknown(label))
      : all.filter(({ column }) => boundColumn(column) ?? declarationOf(column.transformer))
  if (chosen.length === 0) {
    throw new UsageError("The DataSource has no encrypted columns; name others with --column.")
  }
  const byCell = new Map(
    chosen.map((one) => [`${one.metadata.tablePath} ${one.column.databaseName}`, one]),
  )
  return [...byCell.values()]
}

function unknown(label: string): never {
  throw new UsageError(`${label} is no column of the DataSource.`)
}

function render(found: readonly FoundUses[]): string {
  return found
    .map(({ column, model, database }) => {
      const uses = [...model.map((use) => `  the model has ${use}`), ...database.map(describe)]
      return [column, ...(uses.length > 0 ? uses : ["  nothing uses it"]), ""].join("\n")
    })
    .join("")
}

function describe({ kind, name, byText, remove }: ColumnUse): string {
  const statement = remove === undefined ? "" : `\n    ${remove}`
  return `  ${kind}: ${name}${byText ? " (by its text)" : ""}${statement}`
}

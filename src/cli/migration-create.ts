import { mkdirSync, writeFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"

import { Argument, type Command } from "commander"

import { addSourceOptions, wholeFrom } from "./column-options"
import { UsageError } from "./exit-code"
import { describeForMigration } from "./migration-tables"
import { pascalCase, renderMigration } from "./migration-template"
import { selectTables } from "./select-tables"
import { useDataSource } from "./use-data-source"

interface MigrationCreateOptions {
  readonly dataSource: string
  readonly entity?: readonly string[]
  readonly column?: readonly string[]
  readonly constrain?: boolean
  readonly outputJs?: boolean
  readonly esm?: boolean
  readonly timestamp?: number
}

/** Adds `migration:create` to a program: a migration that encrypts what is plaintext. */
export function registerMigrationCreate(program: Command): void {
  addSourceOptions(program.command("migration:create"))
    .description("write a migration that encrypts the tables with plaintext in encrypted columns")
    .addArgument(new Argument("<path>", "its path without timestamp and extension"))
    .option("--constrain", "add CHECK constraints that keep plaintext out afterwards")
    .option("-o, --outputJs", "write JavaScript instead of TypeScript")
    .option("--esm", "write an ES module instead of CommonJS; with --outputJs")
    .option("-t, --timestamp <ms>", "timestamp of the migration (default: now)", wholeFrom(1))
    .action(async (path: string, options: MigrationCreateOptions) => {
      process.stdout.write(`${await createMigration(path, options)}\n`)
    })
}

async function createMigration(path: string, options: MigrationCreateOptions): Promise<string> {
  const { timestamp = Date.now(), outputJs = false, esm = false, constrain = false } = options
  const { entity, column } = options
  const tables = await useDataSource(options.dataSource, 1, (dataSource) =>
    describeForMigration(
      dataSource,
      selectTables(dataSource, options),
      (entity ?? column) !== undefined,
    ),
  )
  if (tables.length === 0) {
    throw new UsageError(
      "No encrypted column of this database holds plaintext, so no migration was written. Name " +
        "those that hold some elsewhere with --entity or --column.",
    )
  }
  const name = basename(path)
  const text = renderMigration({
    className: `${pascalCase(name)}${timestamp}`,
    tables,
    language: outputJs ? (esm ? "esm" : "commonjs") : "typescript",
    constrain,
  })
  const file = join(dirname(resolve(path)), `${timestamp}-${name}.${outputJs ? "js" : "ts"}`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { flag: "wx" })
  return file
}

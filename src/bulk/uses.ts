import type { ColumnUse } from "../dialect/column-uses"
import type { BulkTable } from "../dialect/dialect"
import type { Session } from "../dialect/session"
import { ColumnMisuseError } from "../errors"
import type { BulkColumn } from "./bulk-target"

/** Something that the database has on a column of a run. */
export interface FoundUse extends ColumnUse {
  /** The column, as `Entity.property`. */
  readonly column: string
}

/** Columns of a table whose uses are looked for. */
export interface UsedColumns {
  readonly table: BulkTable
  /** The table's own name, without schema. */
  readonly name: string
  readonly columns: readonly BulkColumn[]
}

/** Finds everything in the database that uses the columns, but for the CHECK of `constrain`. */
export async function findUses(
  { connection, schema }: Session,
  { table, name, columns }: UsedColumns,
): Promise<readonly FoundUse[]> {
  const found: FoundUse[] = []
  for (const { label, name: column } of columns) {
    const constraint = schema.constraint(table.path, name, column)
    const uses = await schema.findUses(connection, { path: table.path, table: name, column })
    const others = uses.filter((use) => !constraint || !use.name.includes(constraint.name))
    found.push(...others.map((use) => ({ ...use, column: label })))
  }
  return found
}

/** Says what uses a column, and what takes it away. */
export function describeUse({ column, kind, name, byText, remove }: FoundUse): string {
  const what = kind === "other" ? name : `the ${kind} ${name}`
  const run = remove === undefined ? "" : ` Run ${remove}.`
  return `${column}: ${what} ${byText ? "names" : "uses"} it.${run}`
}

/**
 * Refuses columns of a foreign key, whose every row the database would refuse as a token, and names
 * whatever else there is.
 *
 * @throws {@link ColumnMisuseError}
 */
export function requireUnreferenced(uses: readonly FoundUse[]): void {
  const keys = uses.filter(({ kind }) => kind === "foreign key")
  if (keys.length === 0) return
  const others = uses.filter(({ kind }) => kind !== "foreign key")
  throw new ColumnMisuseError([
    ...keys.map((key) => `${describeUse(key)} A token refers to no row, and no row to a token.`),
    ...others.map(describeUse),
  ])
}

/** Adds everything else that uses the columns to what is in the way of changing their types. */
export function withUses(error: unknown, uses: readonly FoundUse[]): unknown {
  if (!(error instanceof ColumnMisuseError) || uses.length === 0) return error
  return new ColumnMisuseError([...error.problems, ...uses.map(describeUse)])
}

import type { Session } from "../dialect/session"
import { ColumnMisuseError } from "../errors"
import type { BulkColumn, NamedTable } from "./bulk-target"

/** Types that columns are to have when they are plaintext again, by the columns' names in the database. */
export type RestoredTypes = Readonly<Record<string, string>>

/** A table, and the columns of it that are left out. */
export interface LeftToRestore {
  /** With the other columns only. */
  readonly named: NamedTable
  /** Labels of the columns that have their types back. */
  readonly restored: readonly string[]
}

/**
 * Leaves out the columns that have their types back already, and so hold no token: a run that was
 * killed behind them goes on. What is text is looked at again.
 *
 * @throws {@link ColumnMisuseError} if a type is for no column of the table, or the database gives none
 */
export async function leaveRestored(
  session: Session,
  inTransaction: boolean,
  named: NamedTable,
  types: RestoredTypes,
): Promise<LeftToRestore> {
  const { connection, dialect, schema } = session
  const path = named.path.map((part) => dialect.escape(part)).join(".")
  const columns = columnsOf(named, path, types)
  if (!schema.enforcesTypes) {
    throw new ColumnMisuseError(columns.map(({ name }) => cannotRestore(path, name, types)))
  }
  const { columns: found } = await dialect.describe(connection, path)
  const restored: BulkColumn[] = []
  for (const column of columns) {
    const { name, label, timeZone } = column
    if (found.find((one) => one.name === name)?.isText !== false) continue
    const target = { name, label, timeZone, type: types[name] ?? "" }
    const open = { connection, inTransaction }
    if (await schema.isRestored(open, path, target)) restored.push(column)
  }
  const isLeft = (name: string): boolean => !restored.some((column) => column.name === name)
  return {
    named: {
      ...named,
      columns: named.columns.filter(({ name }) => isLeft(name)),
      indexes: named.indexes.filter(({ sources }) => sources.every(isLeft)),
    },
    restored: restored.map(({ label }) => label),
  }
}

/** Documents never had another type. */
function columnsOf(
  { columns }: NamedTable,
  path: string,
  types: RestoredTypes,
): readonly BulkColumn[] {
  const found = columns.filter(({ name, paths }) => !paths && Object.hasOwn(types, name))
  const unknown = Object.keys(types).filter((name) => !found.some((one) => one.name === name))
  if (unknown.length === 0) return found
  throw new ColumnMisuseError(unknown.map((name) => cannotRestore(path, name, types)))
}

/** Says that a column is given no type. */
export function cannotRestore(path: string, name: string, types: RestoredTypes): string {
  return `${path}.${name} cannot be given the type ${types[name] ?? ""} again.`
}

import { InvalidArgumentError } from "commander"
import type { DataSource } from "typeorm"

import type { EncryptedTable } from "../bulk/encrypted-tables"
import { UsageError } from "./exit-code"
import { type Selection, selectTables } from "./select-tables"

/** A type that a column is to have when it is decrypted. */
export interface TypeToRestore {
  /** The column, as `Entity.property`. */
  readonly label: string
  readonly type: string
}

/** What the user gave that says which types go where. */
interface RestoreOptions extends Selection {
  readonly restoreType?: readonly TypeToRestore[]
  readonly shard?: unknown
  readonly where?: string
}

/** Parses one `Entity.property=type` and adds it to those before. */
export function collectTypes(
  text: string,
  before: readonly TypeToRestore[] = [],
): readonly TypeToRestore[] {
  const [, label, type] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (label !== undefined && type !== undefined) return [...before, { label, type }]
  throw new InvalidArgumentError("It must be Entity.property=type, as in Patient.ssn=varchar(20).")
}

/**
 * Returns the types for the columns of one table by their names in the database, `undefined` if there
 * are none.
 *
 * @throws {@link UsageError} if one is for no column of the command, or not all rows are decrypted
 */
export function typesToRestore(
  options: RestoreOptions,
  dataSource: DataSource,
  { columns }: EncryptedTable,
): Readonly<Record<string, string>> | undefined {
  const { restoreType = [], shard, where } = options
  if (restoreType.length === 0) return undefined
  if ((shard ?? where) !== undefined) {
    throw new UsageError("--restore-type is for a whole table, without --shard and --where.")
  }
  const labels = selectTables(dataSource, options).flatMap((table) =>
    table.columns.map(({ label }) => label),
  )
  for (const { label } of restoreType) {
    if (labels.includes(label)) continue
    throw new UsageError(`--restore-type: there is no ${label}; there are ${labels.join(", ")}.`)
  }
  const own = columns.flatMap(({ name, label }) =>
    restoreType.filter((one) => one.label === label).map(({ type }) => [name, type] as const),
  )
  return own.length === 0 ? undefined : Object.fromEntries(own)
}

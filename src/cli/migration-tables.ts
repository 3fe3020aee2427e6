import type { DataSource } from "typeorm"

import type { BulkIndex } from "../bulk/bulk-index"
import { type BulkColumn, nameTable } from "../bulk/bulk-target"
import { leafCellsOf } from "../bulk/leaf-cells"
import { type DescribedTable, describeTable } from "../bulk/preflight"
import { builtInCodecs } from "../column/built-in-codecs"
import { declaredPath } from "../column/documents/json-path"
import type { PrimaryKey } from "../dialect/batch"
import type { BulkTable, ColumnFacts, RowFilter } from "../dialect/dialect"
import { mayBeToken } from "../fernet/token-format"
import { openSession, type Session } from "../dialect/session"
import type { MigrationColumn, MigrationIndex, MigrationTable } from "./migration-template"
import type { EncryptedTable } from "../bulk/encrypted-tables"

/**
 * Describes the tables that a migration is to encrypt: those that hold plaintext, without the
 * columns that hold nothing but tokens, for a revert must not decrypt what was encrypted before.
 *
 * @param all - take every table and column, whatever they hold
 */
export async function describeForMigration(
  dataSource: DataSource,
  tables: readonly EncryptedTable[],
  all: boolean,
): Promise<readonly MigrationTable[]> {
  const runner = dataSource.createQueryRunner()
  try {
    const session = await openSession(runner, dataSource.options.type)
    const described: MigrationTable[] = []
    for (const { name, target } of tables) {
      const named = nameTable(dataSource, target)
      const found = await findColumns(
        session,
        await describeTable(session, named, {
          where: undefined,
          needsCompanions: true,
        }),
      )
      const chosen = all ? found : found.filter(({ holds }) => holds !== "tokens")
      if (!all && found.every(({ holds }) => holds !== "plaintext")) continue
      const names = chosen.map(({ column }) => column.name)
      described.push({
        table: name,
        columns: chosen.map(({ column }) => withIndexes(column, named.indexes, names)),
      })
    }
    return described
  } finally {
    await runner.release()
  }
}

interface FoundColumn {
  readonly column: MigrationColumn
  readonly holds: "nothing" | "plaintext" | "tokens"
}

async function findColumns(
  session: Session,
  { table, columns, facts }: DescribedTable,
): Promise<readonly FoundColumn[]> {
  const found: FoundColumn[] = []
  for (const [i, column] of columns.entries()) {
    const { name, codec: own, type: declaredType, columnKey, paths } = column
    const known = Object.entries(builtInCodecs).find(([, codec]) => codec === own)?.[0]
    const fact = facts[i]
    const alone = { ...table, columns: [name], companions: [] }
    found.push({
      column: {
        name,
        ...(known !== undefined && known !== "string" && { codec: known }),
        ...(known === undefined && { ownCodec: true }),
        ...(columnKey && { columnKey }),
        ...(paths && { paths: paths.map(declaredPath) }),
        // The type of documents stays as it is
        ...(fact && !paths && typesOf(session, fact, declaredType)),
      },
      holds: paths
        ? await whatDocumentsHold(session, alone, column)
        : fact?.isText === false
          ? "plaintext"
          : await whatItHolds(session, alone),
    })
  }
  return found
}

/** Adds the indexes that were declared on a column, if they cover none but those of the migration. */
function withIndexes(
  column: MigrationColumn,
  indexes: readonly BulkIndex[],
  names: readonly string[],
): MigrationColumn {
  const own = indexes.filter(
    ({ sources }) => sources[0] === column.name && sources.every((name) => names.includes(name)),
  )
  if (own.length === 0) return column
  return { ...column, blindIndexes: own.map(toMigrationIndex) }
}

function toMigrationIndex({ name, definition, sources }: BulkIndex): MigrationIndex {
  const { context, bits, normalize } = definition
  const normalizers = normalize.filter((one) => typeof one === "string")
  return {
    ...{ name, context, bits, with: sources.slice(1) },
    normalize: normalizers.length === normalize.length ? normalizers : undefined,
  }
}

/** Returns what a column is and what it is to become, as `alter` brings it about, where they differ. */
function typesOf(
  { schema }: Session,
  { type, isText }: ColumnFacts,
  declaredType: string | undefined,
): Pick<MigrationColumn, "declaredType" | "type"> {
  const isChanged = schema.enforcesTypes && declaredType !== undefined && declaredType !== type
  return { ...((isChanged || !isText) && { type }), ...(isChanged && { declaredType }) }
}

async function whatItHolds(session: Session, table: BulkTable): Promise<FoundColumn["holds"]> {
  if (await hasRow(session, table, "has-plaintext")) return "plaintext"
  return (await hasRow(session, table, "has-tokens")) ? "tokens" : "nothing"
}

/** Rows of documents that are read at once. */
const DOCUMENTS = 1000

/** SQL does not tell plaintext in documents, which are read until there is some. */
async function whatDocumentsHold(
  { connection, dialect }: Session,
  table: BulkTable,
  column: BulkColumn,
): Promise<FoundColumn["holds"]> {
  let holds: FoundColumn["holds"] = "nothing"
  let after: PrimaryKey | undefined
  for (;;) {
    const batch = await dialect.read(connection, table, { filter: "all", limit: DOCUMENTS, after })
    const { cells } = leafCellsOf(column, batch.cells[0] ?? [])
    if (cells.some((cell) => !mayBeToken(cell))) return "plaintext"
    if (cells.length > 0) holds = "tokens"
    if (batch.size < DOCUMENTS) return holds
    after = batch.primaryKeyAt(batch.size - 1)
  }
}

async function hasRow(
  { connection, dialect }: Session,
  table: BulkTable,
  filter: RowFilter,
): Promise<boolean> {
  return (await dialect.read(connection, table, { filter, limit: 1 })).size > 0
}

import type { BulkTable, ColumnFacts, TableFacts } from "../dialect/dialect"
import type { Session } from "../dialect/dialect-of"
import { ColumnMisuseError, EncryptionError, KeyError } from "../errors"
import type { Keyring } from "../fernet/keyring"
import type { NamedTable } from "./bulk-target"
import { classifyCell } from "./cell-state"
import type { DescribedTable } from "./column-types"
import type { IndexWork } from "./index-work"

/** Tokens that are opened before anything is written. */
const SAMPLED_ROWS = 100

/**
 * Asks the database about a table: its encrypted columns, and the key its rows are told apart by.
 *
 * @throws {@link ColumnMisuseError} naming everything that does not exist or cannot be worked with
 */
export async function describeTable(
  { connection, dialect }: Session,
  named: NamedTable,
  where: string | undefined,
): Promise<DescribedTable> {
  const path = named.path.map((part) => dialect.escape(part)).join(".")
  const facts = await dialect.describe(connection, path)
  const names = named.primaryKey ?? facts.primaryKey
  const problems = findProblems(named, facts, names)
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  const factsOf = (name: string): readonly ColumnFacts[] =>
    facts.columns.filter((column) => column.name === name)
  const table: BulkTable = {
    path,
    key: names.flatMap(factsOf).map(({ name, type, collation }) => ({ name, type, collation })),
    columns: [...named.columns, ...named.indexes].map(({ name }) => name),
    ...(named.indexes.length > 0 && { companions: named.indexes }),
    kept: facts.columns.filter((column) => column.selfUpdating).map(({ name }) => name),
    where,
  }
  const nullable = names.filter((name) => factsOf(name).some((column) => column.nullable))
  const isNull = nullable.map((name) => `t.${dialect.escape(name)} IS NULL`).join(" OR ")
  const keyless = { ...table, where: isNull }
  if (isNull !== "" && (await dialect.count(connection, keyless, "all")).rows > 0) {
    throw new ColumnMisuseError([`${named.label} has rows with NULL in ${nullable.join(", ")}.`])
  }
  const { columns, indexes } = named
  return { table, columns, indexes, facts: columns.flatMap(({ name }) => factsOf(name)) }
}

function findProblems(
  { label, columns, indexes }: NamedTable,
  facts: TableFacts,
  key: readonly string[],
): readonly string[] {
  if (facts.columns.length === 0) return [`The table ${label} does not exist.`]
  const has = (name: string): boolean => facts.columns.some((column) => column.name === name)
  const problems = columns.flatMap(({ name, label: column }) => {
    if (!has(name)) return [`${column} is not in the database.`]
    if (key.includes(name)) return [`${column} tells rows apart; it cannot be encrypted.`]
    const isGenerated = facts.columns.some((one) => one.name === name && one.generated)
    return isGenerated ? [`${column} is computed by the database; it cannot be encrypted.`] : []
  })
  const absent = indexes.filter(({ name }) => !has(name))
  problems.push(
    ...absent.map(
      ({ label: index }) =>
        `${index} is not in the database. Add the column of the blind index, as TypeORM's ` +
        "migration:generate does.",
    ),
  )
  const unknown = key.filter((name) => !has(name))
  problems.push(...unknown.map((name) => `${label}.${name} does not exist.`))
  if (key.length === 0) problems.push(`${label} has no primary key to tell its rows apart by.`)
  const isUnique = facts.uniqueKeys.some((unique) => unique.every((name) => key.includes(name)))
  if (key.length > 0 && unknown.length === 0 && !isUnique) {
    problems.push(`${label} has no unique key on ${key.join(", ")}: rows could be skipped.`)
  }
  return problems
}

/**
 * Opens a sample of the tokens that are there, so that a run with the wrong keys ends before it
 * writes anything.
 *
 * @throws {@link KeyError} `ERR_KEY_INVALID` if there are tokens and none of them opens
 */
export async function requireRightKeys(
  { connection, dialect }: Session,
  table: BulkTable,
  keyring: Keyring,
): Promise<void> {
  if (table.columns.length === 0) return
  const options = { filter: "has-tokens", limit: SAMPLED_ROWS, anyOrder: true } as const
  const rows = await dialect.read(connection, table, options)
  const encrypted = table.columns.length - (table.companions?.length ?? 0)
  const states = rows.flatMap(({ cells }) =>
    cells.slice(0, encrypted).map((cell) => classifyCell(cell, keyring).state),
  )
  const opened = states.filter((state) => state === "current" || state === "stale").length
  const unreadable = states.filter((state) => state === "unreadable").length
  if (opened > 0 || unreadable === 0) return
  throw new KeyError(
    "ERR_KEY_INVALID",
    `None of ${unreadable} tokens sampled in ${table.path} opens under the keyring ` +
      `(${keyring.fingerprints.join(", ")}). Add the key they are under, or pass \`force\` if they ` +
      "are none of yours.",
  )
}

/**
 * Recomputes a sample of the index values that are there, so that a run with the wrong index keys,
 * which would make all rows impossible to find, ends before it writes anything.
 *
 * @throws {@link KeyError} `ERR_KEY_INVALID` if there are index values and none of them is recognized
 */
export async function requireRightIndexKeys(
  { connection, dialect }: Session,
  table: BulkTable,
  keyring: Keyring,
  indexWork: IndexWork,
): Promise<void> {
  const options = { filter: "has-tokens", limit: SAMPLED_ROWS, anyOrder: true } as const
  const rows = await dialect.read(connection, table, options)
  const encrypted = table.columns.length - (table.companions?.length ?? 0)
  const recognized = rows.flatMap((row) => {
    const cells = row.cells.slice(0, encrypted)
    const found = cells.map((cell) => classifyCell(cell, keyring))
    return indexWork.recognized({ cells, found }, row.cells.slice(encrypted))
  })
  const known = recognized.filter((one) => one !== undefined)
  if (known.length === 0 || known.includes(true)) return
  throw new KeyError(
    "ERR_KEY_INVALID",
    `None of ${known.length} index values sampled in ${table.path} is what its row should have. ` +
      "Either the keys of the blind indexes (BLIND_INDEX_KEY) are not those they were made with, or " +
      "an index was declared anew with another normalize, bits or context: then pass `force`.",
  )
}

/** Another run has the table. */
export function alreadyRunning(table: BulkTable): EncryptionError {
  return new EncryptionError(
    "ERR_ALREADY_RUNNING",
    `Another run is at work on ${table.path}. Wait for it, give each run a shard, or pass \`force\`.`,
  )
}

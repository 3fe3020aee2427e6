import type { BulkTable, ColumnFacts, ReadOptions, TableFacts } from "../dialect/dialect"
import type { Session } from "../dialect/session"
import { ColumnMisuseError, KeyError } from "../errors"
import type { BulkIndex } from "./bulk-index"
import type { BulkColumn, NamedTable } from "./bulk-target"
import type { RunKeys } from "./keys"
import { legacyReaderOf } from "../column/legacy/legacy-reader"
import {
  type CellState,
  type ClassifiedCell,
  classifyCells,
  LEGACY,
  PLAINTEXT,
  UNREADABLE_LEGACY,
} from "./cell-state"
import { plaintextOf, tokenCellsOf } from "./leaf-cells"
import { foreignMark } from "./pass/foreign-marks"
import { inspecting } from "./pass/cells"
import { type Decider, decide } from "./pass/decision"

/** A table with what the database knows of its encrypted columns, in the same order. */
export interface DescribedTable {
  /** What messages call it. */
  readonly label: string
  /** Its own name, without schema. */
  readonly name: string
  readonly table: BulkTable
  readonly columns: readonly BulkColumn[]
  readonly indexes: readonly BulkIndex[]
  /** The blind indexes whose companion columns are not there yet. */
  readonly absent: readonly BulkIndex[]
  readonly facts: readonly ColumnFacts[]
  readonly found: TableFacts
}

/** The rows of which the tokens are opened before anything is written. */
const SAMPLE: ReadOptions = { filter: "has-tokens", limit: 100, anyOrder: true }

/** Tokens by which keys prove to be the right ones. */
const OPENED: readonly CellState[] = ["current", "shared", "stale"]

/** What the description of a table depends on. */
export interface DescribingOptions {
  /** The condition that restricts the run. */
  readonly where: string | undefined
  /** Whether the companion columns of blind indexes must be there. */
  readonly needsCompanions: boolean
}

/**
 * Asks the database about a table: its encrypted columns, and the key its rows are told apart by.
 *
 * @throws {@link ColumnMisuseError} naming everything that does not exist or cannot be worked with
 */
export async function describeTable(
  { connection, dialect }: Session,
  named: NamedTable,
  { where, needsCompanions }: DescribingOptions,
): Promise<DescribedTable> {
  const path = named.path.map((part) => dialect.escape(part)).join(".")
  const found = await dialect.describe(connection, path)
  const names = primaryKeyOf(named, found)
  const absent = named.indexes.filter((index) => !hasColumn(found, index.name))
  const indexes = named.indexes.filter((index) => !absent.includes(index))
  const problems = [
    ...findProblems(named, found, names),
    ...(needsCompanions ? absent.map(absentCompanion) : []),
  ]
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  const factsOf = (name: string): readonly ColumnFacts[] =>
    found.columns.filter((column) => column.name === name)
  const documents = named.columns
    .filter(({ paths }) => paths)
    .flatMap(({ name }) => factsOf(name).map(({ type }) => [name, type] as const))
  const table: BulkTable = {
    path,
    key: names.flatMap(factsOf).map(({ name, type, collation }) => ({ name, type, collation })),
    columns: [...named.columns, ...indexes].map(({ name }) => name),
    ...(indexes.length > 0 && { companions: indexes }),
    ...(documents.length > 0 && { documents: Object.fromEntries(documents) }),
    mustReread: found.mustReread,
    inUniqueKey: [...named.columns, ...named.indexes].some(({ name }) =>
      found.uniqueKeys.some((key) => key.includes(name)),
    ),
    kept: found.columns.filter((column) => column.selfUpdating).map(({ name }) => name),
    where,
  }
  const nullable = names.filter((name) => factsOf(name).some((column) => column.nullable))
  const isNull = nullable.map((name) => `t.${dialect.escape(name)} IS NULL`).join(" OR ")
  const keyless = { ...table, where: isNull }
  if (isNull !== "" && (await dialect.count(connection, keyless, "all")).rows > 0) {
    throw new ColumnMisuseError([`${named.label} has rows with NULL in ${nullable.join(", ")}.`])
  }
  if (!isUnique(found, names) && (await dialect.hasEqualKeys(connection, table))) {
    throw new ColumnMisuseError([
      `${named.label} has rows with equal values in ${names.join(", ")}, which tell none apart.`,
    ])
  }
  const { label, columns } = named
  const name = named.path.at(-1) ?? label
  const facts = columns.flatMap((column) => factsOf(column.name))
  return { label, name, table, columns, indexes, absent, facts, found }
}

/** Says that the companion column of a blind index is not there, and where it comes from. */
export function absentCompanion({ label }: BulkIndex): string {
  return (
    `${label} is not in the database. Add the column of the blind index, as TypeORM's ` +
    "migration:generate does."
  )
}

function hasColumn({ columns }: TableFacts, name: string): boolean {
  return columns.some((column) => column.name === name)
}

function findProblems(
  { label, columns }: NamedTable,
  facts: TableFacts,
  key: readonly string[],
): readonly string[] {
  if (facts.columns.length === 0) return [`The table ${label} does not exist.`]
  const has = (name: string): boolean => hasColumn(facts, name)
  const problems = columns.flatMap(({ name, label: column }) => {
    if (!has(name)) return [`${column} is not in the database.`]
    if (key.includes(name)) return [`${column} tells rows apart; it cannot be encrypted.`]
    const isGenerated = facts.columns.some((one) => one.name === name && one.generated)
    return isGenerated ? [`${column} is computed by the database; it cannot be encrypted.`] : []
  })
  const unknown = key.filter((name) => !has(name))
  problems.push(...unknown.map((name) => `${label}.${name} does not exist.`))
  if (key.length === 0) {
    problems.push(
      `${label} has no primary key to tell its rows apart by. Describe it with \`primaryKey\`, the ` +
        "columns that no two rows have in common.",
    )
  }
  return problems
}

function primaryKeyOf(
  { primaryKey, primaryColumns }: NamedTable,
  found: TableFacts,
): readonly string[] {
  return primaryKey ?? (found.primaryKey.length > 0 ? found.primaryKey : primaryColumns)
}

function isUnique({ uniqueKeys }: TableFacts, key: readonly string[]): boolean {
  return uniqueKeys.some((unique) => unique.every((name) => key.includes(name)))
}

/**
 * Opens a sample of the tokens that are there, so that a run with the wrong keys ends before it
 * writes anything.
 *
 * @throws {@link KeyError} `ERR_KEY_INVALID` if there are tokens and none of them opens
 */
export async function requireRightKeys(
  { connection, dialect }: Session,
  { table, columns, facts }: DescribedTable,
  keys: RunKeys,
): Promise<void> {
  // Others cannot hold tokens yet
  const text = columns.filter(({ paths }, i) => paths ?? facts[i]?.isText)
  if (text.length === 0) return
  const sampled = { ...table, columns: text.map(({ name }) => name), companions: [] }
  const { cells } = await dialect.read(connection, sampled, SAMPLE)
  const states = text.flatMap((column, i) => {
    const keyring = keys.ringFor(column)
    const found = tokenCellsOf(column, cells[i] ?? [])
    return classifyCells(found.cells, found.column, keyring).states.map(({ state }) => state)
  })
  const opened = states.filter((state) => OPENED.includes(state)).length
  const unreadable = states.filter((state) => state === "unreadable").length
  if (opened > 0 || unreadable === 0) return
  throw new KeyError(
    "ERR_KEY_INVALID",
    "Nothing opens under these keys: is it the key of this environment? None of " +
      `${unreadable} tokens sampled in ${table.path} opens under ` +
      `${keys.fingerprints.join(", ")}. Add the key they are under, or pass \`force\` if they ` +
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
  decider: Decider,
): Promise<void> {
  if (decider.indexes.length === 0) return
  const batch = await dialect.read(connection, table, SAMPLE)
  const { columns } = decide({ ...decider, job: inspecting, demand: "kept" }, batch)
  const recognized = decider.companions.recognized(batch, columns).flat()
  if (recognized.length === 0 || recognized.includes(true)) return
  throw new KeyError(
    "ERR_KEY_INVALID",
    `None of ${recognized.length} index values sampled in ${table.path} is what its row should have. ` +
      "Either the keys of the blind indexes (BLIND_INDEX_KEY) are not those they were made with, or " +
      "an index was declared anew with another normalize, bits or context: then pass `force`.",
  )
}

/** The rows that are looked at for what others encrypted. */
const UNENCRYPTED_SAMPLE: ReadOptions = { filter: "has-plaintext", limit: 1000, anyOrder: true }

/**
 * Looks at a sample of what is to be encrypted, so that a run does not begin that would seal what
 * something else encrypted, or what a form without authentication was decrypted to.
 *
 * @throws {@link ColumnMisuseError} naming what was seen, and never a value
 */
export async function requireOwnCells(
  { connection, dialect }: Session,
  { table }: DescribedTable,
  { columns, keys }: Decider,
  { wrapForeign, trustLegacy }: { readonly wrapForeign: boolean; readonly trustLegacy: boolean },
): Promise<void> {
  const { cells } = await dialect.read(connection, table, UNENCRYPTED_SAMPLE)
  const problems = columns.flatMap((declared, i) => {
    const { column, cells: found } = tokenCellsOf(declared, cells[i] ?? [])
    const sample = found.filter((cell) => cell !== null)
    const { states } = classifyCells(sample, column, keys.ringFor(column))
    const foreign = wrapForeign ? [] : foreignCells(column, sample, states)
    return trustLegacy ? foreign : [...foreign, ...unprovenCells(column, sample, states)]
  })
  if (problems.length > 0) throw new ColumnMisuseError(problems)
}

function foreignCells(
  column: BulkColumn,
  cells: readonly string[],
  states: readonly ClassifiedCell[],
): readonly string[] {
  const plaintext = cells.filter((_, i) => states[i] === PLAINTEXT)
  const marks = plaintext.flatMap((cell) => foreignMark(plaintextOf(column, cell)) ?? [])
  if (marks.length === 0) return []
  return [
    `${column.label}: ${marks.length} of ${cells.length} sampled cells look encrypted by something else, ` +
      `by ${[...new Set(marks)].join(", ")}. Declare a reader for them with \`legacy\`, or pass ` +
      "`wrapForeign` if they are to be encrypted as they are.",
  ]
}

function unprovenCells(
  { label, readers }: BulkColumn,
  cells: readonly string[],
  states: readonly ClassifiedCell[],
): readonly string[] {
  const unproven = states.filter((state, i) => {
    const reader = legacyState(state) ? legacyReaderOf(readers, cells[i] ?? "") : undefined
    return reader !== undefined && reader.authenticated !== true
  })
  if (unproven.length === 0) return []
  const read = unproven.filter((state) => state === LEGACY).length
  return [
    `${label}: of ${unproven.length} sampled cells in a form without authentication, ${read} could ` +
      `be read and ${unproven.length - read} could not. A wrong key or an altered cell may read as ` +
      "garbage, which would be sealed as authentic. Look at some of what is read, then pass " +
      "`trustLegacy`.",
  ]
}

function legacyState(state: ClassifiedCell): boolean {
  return state === LEGACY || state === UNREADABLE_LEGACY
}

/**
 * Refuses to encrypt what the release that runs would go on to write in plaintext.
 *
 * @throws {@link ColumnMisuseError}
 */
export function requireEncryptingPhase({ columns }: DescribedTable): void {
  refusePhases(columns, ["keep", "index"], 'is encrypted when every release is under "allow"')
}

/**
 * Refuses to fill companion columns that the release that runs would go on to leave empty.
 *
 * @throws {@link ColumnMisuseError}
 */
export function requireIndexingPhase({ columns }: DescribedTable): void {
  refusePhases(columns, ["keep"], 'is indexed when every release is under "index"')
}

function refusePhases(
  columns: readonly BulkColumn[],
  early: readonly BulkColumn["phase"][],
  when: string,
): void {
  const problems = columns
    .filter(({ phase }) => phase !== undefined && early.includes(phase))
    .map(
      ({ label, phase = "" }) =>
        `${label} ${when}, and this DataSource has it under "${phase}". Deploy that first, or pass ` +
        "`force`.",
    )
  if (problems.length > 0) throw new ColumnMisuseError(problems)
}

import { builtInCodecs } from "../column/built-in-codecs"
import type { Padding } from "../column/padding"
import {
  type ColumnTarget,
  settingBack,
  type TextReader,
  type TypeChange,
} from "../dialect/conversions/conversion"
import type { BulkTable, ColumnFacts } from "../dialect/dialect"
import type { ConstraintState, TokenConstraint } from "../dialect/schema-dialect"
import type { Session } from "../dialect/session"
import { ColumnMisuseError } from "../errors"
import { tokenLength, tokenShape } from "../fernet/token-format"
import type { BulkColumn } from "./bulk-target"
import type { DescribedTable } from "./preflight"
import type { PlannedStatement } from "./report"
import { cannotRestore, type RestoredTypes } from "./restored-columns"

/** What a run demands of the columns' types. */
export interface TypeDemands {
  /** Whether plaintext becomes tokens, for which a column may be too narrow. */
  readonly grows: boolean
  /** Whether to change types, or to refuse them. */
  readonly alter: boolean
  /** Whether to say only how they would be changed. */
  readonly dryRun?: boolean
  /** What they are to be when all is plaintext again. */
  readonly restored?: RestoredTypes | undefined
}

/** A column whose type is to be another, and why. */
interface Unfit {
  readonly column: BulkColumn
  readonly type: string
  /** To follow its type; `undefined` if only the model says another. */
  readonly reason: string | undefined
}

/**
 * Sees to it that the columns are text, and wide enough for tokens if they are going to hold them. If
 * `alter` says so their types are changed, with every value kept, to those that the model declares,
 * whatever the values at hand need. Returns the statements that were run, or in a dry run would be.
 *
 * @param inTransaction - whether one is open on the connection
 * @throws {@link ColumnMisuseError} otherwise, with the statements to run; or if a value would be
 * lost, or is none that its codec reads
 */
export async function fitColumns(
  session: Session,
  inTransaction: boolean,
  described: DescribedTable,
  { grows, alter, dryRun = false }: TypeDemands,
): Promise<readonly PlannedStatement[]> {
  const unfit = await findUnfit(session, described, grows)
  const wanted = alter ? unfit : unfit.filter(({ reason }) => reason !== undefined)
  if (wanted.length === 0) return []
  const { connection, schema } = session
  const targets = wanted.map(({ column }) => ({
    ...targetOf(column, column.type ?? schema.anyToken),
    grows: grows && column.readers.length === 0,
  }))
  const change = await schema.convert({ connection, inTransaction }, described.table.path, targets)
  const { problems = [], up = [], lock = "" } = change ?? {}
  const refused = wanted.filter(({ reason }) => reason !== undefined)
  if (!alter || !change) {
    if (refused.length === 0) return []
    const statements = up.length === 0 ? "" : ` Run, or pass \`alter\`: ${up.join("; ")}`
    throw new ColumnMisuseError([
      ...refused.map(
        ({ column, type, reason }) => `${column.label} is ${type}, ${reason ?? ""}.${statements}`,
      ),
      ...problems,
    ])
  }
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  if (!dryRun) await runChange(session, change)
  return up.map((sql) => ({ sql, lock }))
}

async function runChange({ connection }: Session, change: TypeChange): Promise<void> {
  const run = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await connection.query(statement)
  }
  await settingBack(change, run, () => run(change.up))
}

/** Returns a table as it will be when its columns are text that holds any token, and their values too. */
export function asFitted(described: DescribedTable): DescribedTable {
  const { columns, facts } = described
  return {
    ...described,
    // Whether the codecs read what the values become was asked before
    columns: columns.map((column, i) =>
      facts[i]?.isText === false && !column.paths
        ? { ...column, codec: builtInCodecs.string }
        : column,
    ),
    facts: facts.map((fact, i) => ({
      ...fact,
      isText: true,
      limit: lengthOf(columns[i]?.type),
    })),
  }
}

function lengthOf(type: string | undefined): number | undefined {
  const [, length] = /\((\d+)\)$/.exec(type ?? "") ?? []
  return length === undefined ? undefined : Number(length)
}

async function findUnfit(
  session: Session,
  { table, columns, facts }: DescribedTable,
  grows: boolean,
): Promise<readonly Unfit[]> {
  const unfit: Unfit[] = []
  for (const [i, column] of columns.entries()) {
    const fact = facts[i]
    if (!fact || (column.paths && holdsDocuments(fact))) continue
    const reason = await whyUnfit(session, table, fact, { grows, padding: column.padding })
    const isDeclared = column.type === undefined || column.type === fact.type
    if (reason !== undefined || !isDeclared) unfit.push({ column, type: fact.type, reason })
  }
  return unfit
}

/** Whether documents have a place in a column, whose type then stays as it is. */
function holdsDocuments({ type, isText }: ColumnFacts): boolean {
  return isText || /json/i.test(type)
}

async function whyUnfit(
  { connection, dialect }: Session,
  table: BulkTable,
  column: ColumnFacts,
  { grows, padding }: { readonly grows: boolean; readonly padding: Padding | undefined },
): Promise<string | undefined> {
  if (!column.isText) return "which is not text"
  if (!grows || column.limit === undefined) return undefined
  const bytes = await dialect.longestPlaintext(connection, table, column.name)
  const needed = tokenLength(padding?.lengthOf(bytes) ?? bytes)
  return needed > column.limit
    ? `and its longest value needs ${needed} characters as a token`
    : undefined
}

function targetOf(
  { name, label, codec, timeZone }: BulkColumn,
  type: string,
): Omit<ColumnTarget, "grows"> {
  const known = Object.entries(builtInCodecs).find(([, one]) => one === codec)?.[0]
  const reader = (known ?? "own") as TextReader
  return { name, label, type, timeZone, reader, reads: (text) => isReadBy(codec, text) }
}

/** Tokens are looked at by the run itself. */
function isReadBy(codec: BulkColumn["codec"], text: string): boolean {
  if (tokenShape(text) !== "plaintext") return true
  try {
    if ("decodeText" in codec) codec.decodeText(text)
    else codec.decode(Buffer.from(text, "utf8"))
    return true
  } catch {
    return false
  }
}

/**
 * Gives columns the types they had before they were encrypted. Returns the statements that were run.
 *
 * @param types - by the columns' names in the database
 * @throws {@link ColumnMisuseError} before any is run, if a value would not be the same in its type, or
 * the database cannot change types
 */
export async function restoreTypes(
  session: Session,
  inTransaction: boolean,
  described: DescribedTable,
  types: RestoredTypes,
): Promise<readonly string[]> {
  const change = await planRestored(session, inTransaction, described, { types, looks: true })
  await runChange(session, change)
  return change.up
}

/** Says how columns would be given the types they had, whose values were looked at before. */
export async function planRestore(
  session: Session,
  inTransaction: boolean,
  described: DescribedTable,
  types: RestoredTypes,
): Promise<readonly PlannedStatement[]> {
  const change = await planRestored(session, inTransaction, described, { types, looks: false })
  return change.up.map((sql) => ({ sql, lock: change.lock ?? "" }))
}

async function planRestored(
  { connection, schema }: Session,
  inTransaction: boolean,
  { table, columns }: DescribedTable,
  { types, looks }: { readonly types: RestoredTypes; readonly looks: boolean },
): Promise<TypeChange> {
  const targets = columns
    .filter(({ name }) => Object.hasOwn(types, name))
    .map(({ name, label, timeZone }) => ({ name, label, type: types[name] ?? "", timeZone }))
  const open = { connection, inTransaction }
  const change = await schema.restore(open, table.path, targets, looks)
  const problems =
    change?.problems ?? targets.map(({ name }) => cannotRestore(table.path, name, types))
  if (!change || problems.length > 0) throw new ColumnMisuseError(problems)
  return change
}

/**
 * Adds to every column the constraint that it is NULL or holds a token, unless it is there, in place
 * of one that says something else of the column. Returns the statements that were run.
 *
 * @throws {@link ColumnMisuseError} before any is run, if the database cannot add constraints, or the
 * name of one is that of another column's
 */
export async function constrainColumns(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const statements = (await planConstraints(session, described)).map(({ sql }) => sql)
  try {
    for (const statement of statements) await session.connection.query(statement)
  } catch (error) {
    // Not proven, it would refuse every UPDATE of a row that someone wrote in plaintext meanwhile
    await releaseColumns(session, described).catch(() => [])
    throw error
  }
  return statements
}

/** Says how the constraints would be added that are not there. */
export async function planConstraints(
  session: Session,
  described: DescribedTable,
): Promise<readonly PlannedStatement[]> {
  const planned: PlannedStatement[] = []
  const { label, columns } = described
  const problems = columns.every(({ paths }) => paths)
    ? [`${label}: parts of documents take no constraint, which admits tokens as a whole.`]
    : []
  for (const { label, constraint, state } of await findConstraints(session, described)) {
    if (!constraint) problems.push(`${label}: this database adds no constraint to a table.`)
    else if (state === "taken") problems.push(taken(label, constraint))
    else if (state !== "proven") {
      const { add, replace, lock } = constraint
      const statements = state === "outdated" ? replace : add
      planned.push(...statements.map((sql) => ({ sql, lock })))
    }
  }
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  return planned
}

/** Says that the name of a column's constraint is that of another's. */
export function taken(label: string, { name, drop }: TokenConstraint): string {
  return (
    `${label}: the constraint ${name} is about another column, as after a rename. Run ${drop}, then ` +
    "column:encrypt --constrain, which gives every column its own."
  )
}

/** Drops the constraints that are there. Returns the statements that were run. */
export async function releaseColumns(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const statements: string[] = []
  for (const { constraint, state } of await findConstraints(session, described)) {
    if (!constraint || state === "absent" || state === "taken") continue
    await session.connection.query(constraint.drop)
    statements.push(constraint.drop)
  }
  return statements
}

/** Returns the labels of the columns that have their constraint. */
export async function constrainedColumns(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const found = await findConstraints(session, described)
  return found.filter(({ state }) => state === "proven").map(({ label }) => label)
}

/** The constraint of a column, if the database has such, and whether the table has it. */
interface ColumnConstraint {
  readonly label: string
  readonly constraint: TokenConstraint | undefined
  readonly state: ConstraintState
}

/** Looks for the constraint of every column of a table. */
export async function findConstraints(
  { connection, schema }: Session,
  { table, columns, name }: DescribedTable,
): Promise<readonly ColumnConstraint[]> {
  const found: ColumnConstraint[] = []
  for (const column of columns) {
    const { label } = column
    // It would admit no document
    if (column.paths) continue
    const constraint = schema.constraint(table.path, name, column.name)
    const state = constraint
      ? await schema.constraintState(connection, table.path, constraint, column.name)
      : "absent"
    found.push({ label, constraint, state })
  }
  return found
}

import type { BulkTable, ColumnFacts } from "../dialect/dialect"
import type { ConstraintState, TokenConstraint } from "../dialect/schema-dialect"
import type { Session } from "../dialect/session"
import { ColumnMisuseError } from "../errors"
import { tokenLength } from "../fernet/token-format"
import type { DescribedTable } from "./preflight"

/** What a run demands of the columns' types. */
export interface TypeDemands {
  /** Whether plaintext becomes tokens, for which a column may be too narrow. */
  readonly grows: boolean
  /** Whether to change types, or to refuse them. */
  readonly alter: boolean
}

interface Unfit {
  readonly problem: string
  readonly statement: string | undefined
}

/**
 * Sees to it that the columns are text, and wide enough for tokens if they are going to hold them:
 * by changing their types if `alter` says so. Returns the statements that were run.
 *
 * @throws {@link ColumnMisuseError} otherwise, with the statements to run
 */
export async function fitColumns(
  session: Session,
  described: DescribedTable,
  { grows, alter }: TypeDemands,
): Promise<readonly string[]> {
  const unfit = await findUnfit(session, described, grows)
  const statements = unfit.flatMap(({ statement }) => statement ?? [])
  if (!alter || statements.length < unfit.length) {
    const problems = unfit.map(({ problem, statement }) =>
      statement === undefined ? `${problem}.` : `${problem}. Run, or pass \`alter\`: ${statement}`,
    )
    if (problems.length > 0) throw new ColumnMisuseError(problems)
  }
  for (const statement of statements) await session.connection.query(statement)
  return statements
}

async function findUnfit(
  session: Session,
  { table, columns, facts }: DescribedTable,
  grows: boolean,
): Promise<readonly Unfit[]> {
  const unfit: Unfit[] = []
  for (const [i, { label }] of columns.entries()) {
    const column = facts[i]
    if (!column) continue
    const reason = await whyUnfit(session, table, column, grows)
    if (reason === undefined) continue
    const statement = await session.schema.widen(session.connection, table.path, column)
    unfit.push({ problem: `${label} is ${column.type}, ${reason}`, statement })
  }
  return unfit
}

async function whyUnfit(
  { connection, dialect }: Session,
  table: BulkTable,
  column: ColumnFacts,
  grows: boolean,
): Promise<string | undefined> {
  if (!column.isText) return "which is not text"
  if (!grows || column.limit === undefined) return undefined
  const bytes = await dialect.longestPlaintext(connection, table, column.name)
  const needed = tokenLength(bytes)
  return needed > column.limit
    ? `and its longest value needs ${needed} characters as a token`
    : undefined
}

/**
 * Gives columns the types they had before they were encrypted. Returns the statements that were run.
 *
 * @param types - by the columns' names in the database
 * @throws {@link ColumnMisuseError} before any is run, if a column is not among those of the table or
 * the database cannot change types
 */
export async function restoreTypes(
  session: Session,
  { table, facts }: DescribedTable,
  types: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const statements: string[] = []
  const problems: string[] = []
  for (const [name, type] of Object.entries(types)) {
    const column = facts.find((one) => one.name === name)
    const statement =
      column && (await session.schema.retype(session.connection, table.path, column, type))
    if (statement !== undefined) statements.push(statement)
    else problems.push(`${table.path}.${name} cannot be given the type ${type} again.`)
  }
  if (problems.length > 0) throw new ColumnMisuseError(problems)
  for (const statement of statements) await session.connection.query(statement)
  return statements
}

/**
 * Adds to every column the constraint that it is NULL or holds a token, unless it is there. Returns
 * the statements that were run.
 *
 * @throws {@link ColumnMisuseError} if the database cannot add constraints
 */
export async function constrainColumns(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const statements: string[] = []
  for (const [label, constraint] of constraintsOf(session, described)) {
    if (!constraint) {
      throw new ColumnMisuseError([`${label}: this database adds no constraint to a table.`])
    }
    if ((await stateOf(session, described, constraint)) === "proven") continue
    statements.push(...constraint.add)
  }
  for (const statement of statements) await session.connection.query(statement)
  return statements
}

/** Drops the constraints that are there. Returns the statements that were run. */
export async function releaseColumns(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const statements: string[] = []
  for (const [, constraint] of constraintsOf(session, described)) {
    if (!constraint) continue
    if ((await stateOf(session, described, constraint)) === "absent") continue
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
  const labels: string[] = []
  for (const [label, constraint] of constraintsOf(session, described)) {
    if (!constraint) continue
    if ((await stateOf(session, described, constraint)) === "proven") labels.push(label)
  }
  return labels
}

function constraintsOf(
  { schema }: Session,
  { table, columns, name }: DescribedTable,
): readonly (readonly [label: string, TokenConstraint | undefined])[] {
  return columns.map(
    (column) => [column.label, schema.constraint(table.path, name, column.name)] as const,
  )
}

function stateOf(
  { connection, schema }: Session,
  { table }: DescribedTable,
  { name }: TokenConstraint,
): Promise<ConstraintState> {
  return schema.constraintState(connection, table.path, name)
}

import type { Session } from "../dialect/dialect-of"
import type { ConstraintState, TokenConstraint } from "../dialect/schema-dialect"
import { ColumnMisuseError } from "../errors"
import type { NamedDescription } from "./column-types"

/**
 * Adds to every column the constraint that it is NULL or holds a token, unless it is there. Returns
 * the statements that were run.
 *
 * @throws {@link ColumnMisuseError} if the database cannot add constraints
 */
export async function constrainColumns(
  session: Session,
  described: NamedDescription,
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
  described: NamedDescription,
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
  described: NamedDescription,
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
  { table, columns, name }: NamedDescription,
): readonly (readonly [label: string, TokenConstraint | undefined])[] {
  return columns.map(
    (column) => [column.label, schema.constraint(table.path, name, column.name)] as const,
  )
}

function stateOf(
  { connection, schema }: Session,
  { table }: NamedDescription,
  { name }: TokenConstraint,
): Promise<ConstraintState> {
  return schema.constraintState(connection, table.path, name)
}

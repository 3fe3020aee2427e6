import type { Connection } from "./connection"
import type { ColumnFacts } from "./dialect"

/** A CHECK constraint that keeps everything but tokens and NULL out of a column. */
export interface TokenConstraint {
  readonly name: string
  /** What it demands of a row. */
  readonly check: string
  /** The statements that add it, the last of which proves it for the rows that are there. */
  readonly add: readonly string[]
  readonly drop: string
}

/** An `unproven` constraint holds for rows that are written. */
export type ConstraintState = "absent" | "proven" | "unproven"

/**
 * What differs between databases in changing the definition of a column, and only that. Paths are
 * escaped. What a database cannot do is `undefined`.
 */
export interface SchemaDialect {
  /** Returns the statement that makes a column hold any token, with what it holds now as text. */
  widen(connection: Connection, path: string, column: ColumnFacts): Promise<string | undefined>

  /** Returns the statement that gives a column a type, written as in a column's definition. */
  retype(
    connection: Connection,
    path: string,
    column: ColumnFacts,
    type: string,
  ): Promise<string | undefined>

  /** Returns the constraint of a column. */
  constraint(path: string, table: string, column: string): TokenConstraint | undefined

  /** Says whether a table has the constraint, and whether it is proven for the rows that are there. */
  constraintState(connection: Connection, path: string, name: string): Promise<ConstraintState>
}

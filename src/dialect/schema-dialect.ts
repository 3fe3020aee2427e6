import type { FindUses } from "./column-uses"
import type {
  ColumnTarget,
  Looking,
  OpenConnection,
  TypeChange,
  ValueTarget,
} from "./conversions/conversion"

/** A CHECK constraint that keeps everything but tokens and NULL out of a column. */
export interface TokenConstraint {
  readonly name: string
  /** What it demands of a row. */
  readonly check: string
  /** The statements that add it, the last of which proves it for the rows that are there. */
  readonly add: readonly string[]
  readonly drop: string
  /** Whom adding it keeps waiting, and while what is done. */
  readonly lock: string
  /** The statements that put it in the place of one that is outdated. */
  readonly replace: readonly string[]
}

/**
 * An `unproven` constraint holds for rows that are written. One that is `outdated` says something else
 * of the column; where its name is `taken`, it says something of others.
 */
export type ConstraintState = "absent" | "outdated" | "proven" | "taken" | "unproven"

/** What a column still has that writes plaintext, finds nothing or enforces nothing among tokens. */
export interface Leftover {
  readonly column: string
  readonly kind: "default" | "index" | "unique"
  /** The name of an index. */
  readonly name?: string
  /** The statement that drops it; `undefined` where the table has to be made anew. */
  readonly drop: string | undefined
}

/**
 * What differs between databases in changing the definition of a column, and only that. Paths are
 * escaped. What a database cannot do is `undefined`.
 */
export interface SchemaDialect {
  /** The type that holds any token, for columns whose type nobody declared. */
  readonly anyToken: string

  /** Whether a column holds nothing but what its type says. */
  readonly enforcesTypes: boolean

  /** Plans how columns get types that hold tokens, with what they hold now as text. */
  convert(
    open: OpenConnection,
    path: string,
    targets: readonly ColumnTarget[],
  ): Promise<TypeChange | undefined>

  /**
   * Plans how columns of plaintext get types back, written as in a column's definition.
   *
   * @param looks - whether to look at the values; they may still be tokens
   */
  restore(
    open: OpenConnection,
    path: string,
    targets: readonly ValueTarget[],
    looks: boolean,
  ): Promise<TypeChange | undefined>

  /** Says whether a column has a type already, and holds nothing that is to be taken for a token. */
  isRestored(open: OpenConnection, path: string, target: ValueTarget): Promise<boolean>

  /** Says why texts do not all become values of a type, whole, without them; `undefined` if they do. */
  whyUnfit(
    open: OpenConnection,
    target: ValueTarget,
    texts: readonly string[],
  ): Promise<string | undefined>

  /** Returns the bytes that a table has with its indexes, if the database knows. */
  sizeOf(connection: Looking, path: string): Promise<number | undefined>

  /** Returns the constraint of a column. */
  constraint(path: string, table: string, column: string): TokenConstraint | undefined

  /** Says whether a table has the constraint of a column, as it is defined, and proven for its rows. */
  constraintState(
    connection: Looking,
    path: string,
    constraint: TokenConstraint,
    column: string,
  ): Promise<ConstraintState>

  /** Finds what encrypted columns of a table have from before. */
  leftovers(
    connection: Looking,
    path: string,
    columns: readonly string[],
  ): Promise<readonly Leftover[]>

  /** Finds what else in the database uses a column. */
  readonly findUses: FindUses
}

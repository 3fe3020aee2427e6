/** A row of a result, by column name. */
export type ResultRow = Readonly<Record<string, unknown>>

/** What one statement yields. */
export interface StatementResult {
  readonly rows: readonly ResultRow[]
  /** Rows that were changed. */
  readonly affected: number
}

/**
 * One connection of the driver itself. Statements that carry cells do not pass TypeORM, whose logger
 * and subscribers would be shown plaintext.
 */
export interface Connection {
  /** Runs one statement; values are bound, never spliced. */
  query(sql: string, values?: readonly unknown[]): Promise<StatementResult>

  /** Runs a query and returns its rows as lists of values, in the order of its columns. */
  list(sql: string, values?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>

  /**
   * Runs statements at once, as one transaction of its own or as part of the one that is open; what
   * is thrown undoes them. For a database within the process, where a statement costs next to
   * nothing.
   */
  readonly atOnce?: <Result>(run: (prepare: Prepare) => Result) => Promise<Result>

  /** Runs `COPY … TO STDOUT` and returns all that comes, if the driver lets that through. */
  readonly copyOut?: (sql: string) => Promise<Buffer>
}

/** A statement that is run for one list of values after another. */
export interface PreparedStatement {
  /** Returns the first row of a query. */
  first(values: readonly unknown[]): readonly unknown[] | undefined
  /** Returns the rows of a query. */
  all(values: readonly unknown[]): readonly (readonly unknown[])[]
  /** Returns how many rows a change changed. */
  change(values: readonly unknown[]): number
}

/** Prepares a statement. */
export type Prepare = (sql: string) => PreparedStatement

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

  /** Runs `COPY … TO STDOUT` and returns all that comes, if the driver lets that through. */
  readonly copyOut?: (sql: string) => Promise<Buffer>
}

/** At what size TypeORM is measured. */
export interface OrmOptions {
  /** Rows that are found and inserted. */
  readonly rows: number
  /** Rows that are found on SQLite. */
  readonly rowsOnSqlite: number
  /** Entities that are saved. */
  readonly saved: number
  readonly rounds: number
}

/** At what size TypeORM is measured. */
export interface OrmOptions {
  /** Rows that are found and inserted. */
  readonly rows: number
  /** Entities that are saved. */
  readonly saved: number
  readonly rounds: number
}

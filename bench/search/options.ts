/** At what size a search is measured. */
export interface SearchOptions {
  /** Rows of the table. */
  readonly rows: number
  /** Searches in one turn. */
  readonly searches: number
  readonly rounds: number
}

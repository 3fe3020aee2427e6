import type { BulkTable, RowFilter } from "./dialect"

/** Returns the name of the constraint that keeps plaintext out of a column. */
export function constraintName(table: string, column: string, longest: number): string {
  const suffix = "_is_token"
  return `${`${table}_${column}`.slice(0, longest - suffix.length)}${suffix}`
}

/**
 * Returns the condition that passes rows with at least one cell of the wanted kind. NULL is neither.
 *
 * @param hasTokenHead - gives the SQL that says whether a column begins as tokens do, byte by byte
 * @param cell - gives the SQL of a column
 */
export function filterCondition(
  table: BulkTable,
  filter: RowFilter,
  hasTokenHead: (column: string) => string,
  cell: (column: string) => string,
): string | undefined {
  if (filter === "all") return undefined
  const { companions = [] } = table
  const names = companions.map(({ name }) => name)
  const encrypted = table.columns.filter((column) => !names.includes(column))
  if (filter === "has-tokens") return encrypted.map((one) => `(${hasTokenHead(one)})`).join(" OR ")
  const missing = companions.map(({ name, sources }) =>
    [`${cell(name)} IS NULL`, ...sources.map((source) => `${cell(source)} IS NOT NULL`)].join(
      " AND ",
    ),
  )
  const conditions = [...encrypted.map((one) => `NOT (${hasTokenHead(one)})`), ...missing]
  return conditions.map((condition) => `(${condition})`).join(" OR ")
}

/** Joins conditions, leaving out what is `undefined`; `""` if nothing is left. */
export function whereClause(...conditions: readonly (string | undefined)[]): string {
  const present = conditions.filter((condition) => condition !== undefined)
  return present.length === 0 ? "" : ` WHERE ${present.map((one) => `(${one})`).join(" AND ")}`
}

/** Collects the values of a statement and gives out their places. */
export class Values {
  readonly list: unknown[] = []
  readonly #placeholder: (position: number, value: unknown) => string

  constructor(placeholder: (position: number, value: unknown) => string) {
    this.#placeholder = placeholder
  }

  /** Takes a value in and returns its placeholder. */
  add(value: unknown): string {
    this.list.push(value)
    return this.#placeholder(this.list.length, value)
  }
}

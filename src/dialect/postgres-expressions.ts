import type { BulkTable, Key, KeyRange } from "./dialect"
import { TOKEN_HEAD } from "../fernet/token-format"
import type { Values } from "./sql"

/** The bytes in all cells of a row. */
export function cellsLength(table: BulkTable): string {
  const lengths = table.columns.map((name) => `coalesce(octet_length(t.${escape(name)}::text), 0)`)
  return lengths.join(" + ")
}

/** The conditions that pass the rows of a range. */
export function rangeConditions(table: BulkTable, range: KeyRange, values: Values): string[] {
  const conditions: string[] = []
  if (range.after) conditions.push(keyComparison(table, ">", range.after, values))
  if (range.upTo) conditions.push(keyComparison(table, "<=", range.upTo, values))
  return conditions
}

/** Compares the key of a row with another, column after column. */
export function keyComparison(
  table: BulkTable,
  operator: string,
  key: Key,
  values: Values,
): string {
  const sides = table.key.map(({ type }, i) => `${values.add(key[i])}::text::${type}`)
  return `(${keyList(table)}) ${operator} (${sides.join(", ")})`
}

/** The columns of the key, as rows are ordered and compared by. */
export function keyList(table: BulkTable): string {
  return table.key.map(({ name }) => `t.${escape(name)}`).join(", ")
}

/** Compares and matches byte by byte, whatever the column's collation. */
export function cellText(column: string): string {
  return `t.${escape(column)}::text COLLATE "C"`
}

/** Says whether a cell begins as tokens do. */
export function hasTokenHead(column: string): string {
  return `${cellText(column)} LIKE '${TOKEN_HEAD}%'`
}

/** Quotes an identifier. */
export function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** The place of a value. */
export function placeholder(position: number): string {
  return `$${position}`
}

/** Spells text as a literal that means the same whatever the session takes a backslash for. */
export function literal(value: unknown): string {
  const text = String(value).replaceAll("'", "''").replaceAll("\\", "\\\\")
  return text.includes("\\") ? ` E'${text}'` : `'${text}'`
}

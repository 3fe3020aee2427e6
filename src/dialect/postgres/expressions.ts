import type { PrimaryKey } from "../batch"
import type { BulkTable } from "../dialect"
import type { Spelling } from "../reading"
import type { Values } from "../sql"
import { postgresLeaf, postgresToken } from "../token-condition"

/** How PostgreSQL spells what is read. Keys travel as text, so that no type loses anything. */
export const postgresSpelling: Spelling = {
  escape,
  placeholder: (position) => `$${position}`,
  cell: (column) => `t.${escape(column)}::text`,
  bytes: (column) => `octet_length(t.${escape(column)}::text)`,
  isToken: postgresToken,
  hasTokens: postgresLeaf,
  keyRead: ({ name }) => `t.${escape(name)}::text`,
  keyOrder: ({ name }) => `t.${escape(name)}`,
  keyComparison,
}

/** Compares the key of a row with another, column after column. */
export function keyComparison(
  { key: columns }: BulkTable,
  operator: string,
  key: PrimaryKey,
  values: Values,
): string {
  const names = columns.map(({ name }) => `t.${escape(name)}`)
  const sides = columns.map(({ type }, i) => `${values.add(key[i])}::text::${type}`)
  return `(${names.join(", ")}) ${operator} (${sides.join(", ")})`
}

/** Compares and matches byte by byte, whatever the column's collation. */
export function cellText(column: string): string {
  return `t.${escape(column)}::text COLLATE "C"`
}

/** Quotes an identifier. */
export function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** Spells text as a literal that means the same whatever the session takes a backslash for. */
export function literal(value: unknown): string {
  const text = String(value).replaceAll("'", "''").replaceAll("\\", "\\\\")
  return text.includes("\\") ? ` E'${text}'` : `'${text}'`
}

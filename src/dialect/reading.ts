import { batchOf, type Cell, type PrimaryKey } from "./batch"
import type { Connection } from "./connection"
import type { BulkTable, Dialect, KeyColumn, ReadOptions, RowFilter } from "./dialect"
import { Values, whereClause } from "./sql"
import type { LeafCondition, TokenCondition } from "./token-condition"

/** How a database spells what statements that read a table `t` are made of. */
export interface Spelling {
  /** Quotes an identifier. */
  readonly escape: (identifier: string) => string
  /** The place of a bound value. */
  readonly placeholder: (position: number) => string
  /** What is read of a cell. */
  readonly cell: (column: string) => string
  /** The bytes that a cell has in UTF-8. */
  readonly bytes: (column: string) => string
  /** Says whether a text is to be taken for a token. */
  readonly isToken: TokenCondition
  /** Says whether a document may have tokens in it. */
  readonly hasTokens: LeafCondition
  /** What is read of a key. */
  readonly keyRead: (column: KeyColumn) => string
  /** What rows are ordered by. */
  readonly keyOrder: (column: KeyColumn) => string
  /** Compares the key of a row with another, column after column. */
  readonly keyComparison: (
    table: BulkTable,
    operator: "<=" | ">" | ">=",
    key: PrimaryKey,
    values: Values,
  ) => string
  /** What a value that was read is as a part of a key, and as a cell. Default to what it is. */
  readonly keyValue?: (value: unknown, column: KeyColumn | undefined) => unknown
  readonly cellValue?: (value: unknown) => Cell
  /** What ends a statement that is to see what was committed last. Defaults to nothing. */
  readonly latest?: string
}

/** Returns what a dialect reads with, in the words of its database. */
export function readingIn(
  spelling: Spelling,
): Pick<Dialect, "count" | "escape" | "hasEqualKeys" | "longestPlaintext" | "measure" | "read"> {
  const isToken = (column: string): string => spelling.isToken(`t.${spelling.escape(column)}`)
  const bytesOfRow = ({ columns }: BulkTable): string =>
    columns.map((name) => `coalesce(${spelling.bytes(name)}, 0)`).join(" + ")
  return {
    escape: spelling.escape,

    async hasEqualKeys(connection, { key, path }) {
      const names = key.map(spelling.keyOrder).join(", ")
      const { rows } = await connection.query(
        `SELECT count(*) AS count FROM ${path} t GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`,
      )
      return rows.length > 0
    },

    async count(connection, table, filter) {
      const { rows } = await connection.query(
        `SELECT count(*) AS count, max(${bytesOfRow(table)}) AS longest FROM ${table.path} t` +
          whereClause(filterCondition(table, filter, spelling), table.where),
      )
      return { rows: Number(rows[0]?.count), longest: Number(rows[0]?.longest ?? 0) }
    },

    async longestPlaintext(connection, table, column) {
      const { rows } = await connection.query(
        `SELECT max(${spelling.bytes(column)}) AS bytes FROM ${table.path} t` +
          whereClause(`NOT ${isToken(column)}`, table.where),
      )
      return Number(rows[0]?.bytes ?? 0)
    },

    async read(connection, table, options) {
      const { columns } = table
      const rows = await list(spelling, connection, table, columns.map(spelling.cell), options)
      return batchOf(rows, columns.length, spelling.cellValue)
    },

    async measure(connection, table, options) {
      const rows = await list(spelling, connection, table, [bytesOfRow(table)], options)
      return rows.map((row) => ({ key: row.slice(0, -1), bytes: Number(row.at(-1)) }))
    },
  }
}

/** Reads keys, as they are kept, and what else is asked for. */
async function list(
  spelling: Spelling,
  connection: Connection,
  table: BulkTable,
  columns: readonly string[],
  options: ReadOptions,
): Promise<readonly (readonly unknown[])[]> {
  const values = new Values(spelling.placeholder)
  const selected = [...table.key.map(spelling.keyRead), ...columns]
  const sql = selectStatement(spelling, table, selected, options, values)
  const rows = await connection.list(sql, values.list)
  const { keyValue } = spelling
  if (!keyValue) return rows
  const { key } = table
  return rows.map((row) =>
    row.map((value, i) => (i < key.length ? keyValue(value, key[i]) : value)),
  )
}

/** Returns the statement that reads some rows of a table. */
export function selectStatement(
  spelling: Spelling,
  table: BulkTable,
  columns: readonly string[],
  { after, upTo, filter, limit, anyOrder = false, latest = false }: ReadOptions,
  values: Values,
): string {
  const { keyComparison, keyOrder } = spelling
  const conditions = [
    after && keyComparison(table, ">", after, values),
    upTo && keyComparison(table, "<=", upTo, values),
    filterCondition(table, filter, spelling),
    table.where,
  ]
  return (
    `SELECT ${columns.join(", ")} FROM ${table.path} t${whereClause(...conditions)}` +
    (anyOrder ? "" : ` ORDER BY ${table.key.map(keyOrder).join(", ")}`) +
    ` LIMIT ${limit}${latest ? (spelling.latest ?? "") : ""}`
  )
}

/**
 * Returns the condition that passes rows with at least one cell of the wanted kind. NULL is neither.
 */
export function filterCondition(
  { columns, companions = [], documents = {} }: BulkTable,
  filter: RowFilter,
  { escape, isToken, hasTokens }: Pick<Spelling, "escape" | "hasTokens" | "isToken">,
): string | undefined {
  if (filter === "all") return undefined
  const encrypted = columns.filter((column) => !companions.some(({ name }) => name === column))
  const isTokenIn = (column: string): string =>
    Object.hasOwn(documents, column)
      ? hasTokens(`t.${escape(column)}`)
      : isToken(`t.${escape(column)}`)
  // What is in plaintext in a document is told by whoever reads it
  const isPlaintextIn = (column: string): string =>
    Object.hasOwn(documents, column)
      ? `t.${escape(column)} IS NOT NULL`
      : `NOT ${isTokenIn(column)}`
  if (filter === "has-tokens") return encrypted.map(isTokenIn).join(" OR ")
  const missing = companions.map(({ name, sources }) =>
    [
      `t.${escape(name)} IS NULL`,
      ...sources.map((source) => `t.${escape(source)} IS NOT NULL`),
    ].join(" AND "),
  )
  const conditions =
    filter === "unindexed" ? missing : [...encrypted.map(isPlaintextIn), ...missing]
  return conditions.map((condition) => `(${condition})`).join(" OR ")
}

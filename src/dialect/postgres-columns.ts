import type { ColumnAccess, ColumnBatch, NewCells } from "./column-access"
import type { BulkTable, Key, ReadOptions } from "./dialect"
import { ArrayLiteral, arrayOf, readElement } from "./postgres-arrays"
import { escape, hasTokenHead, keyList, placeholder, rangeConditions } from "./postgres-expressions"
import { updateStatement, type UpdateLists } from "./postgres-update"
import { filterCondition, Values, whereClause } from "./sql"

/** Rows as arrays: one for each column of the key and each encrypted column. */
interface ArrayBatch extends ColumnBatch {
  readonly keys: readonly ArrayLiteral[]
  readonly literals: readonly ArrayLiteral[]
}

/** Types whose arrays are read as they are; others pass through text, as their values do elsewhere. */
const DIRECT_TYPES: ReadonlySet<string> = new Set(["smallint", "integer", "bigint", "uuid", "text"])

/** Reads and writes batches as one array for each column, by ordinary statements. */
export const postgresColumns: ColumnAccess<ArrayBatch> = {
  async read(connection, table, options) {
    const values = new Values(placeholder)
    const { rows } = await connection.query(readStatement(table, options, values), values.list)
    const literal = (name: string): ArrayLiteral => {
      const text = rows[0]?.[name]
      return new ArrayLiteral(typeof text === "string" ? text : "{}")
    }
    return arrayBatch(
      table.key.map((_, i) => literal(`k${i}`)),
      table.columns.map((_, i) => literal(`c${i}`)),
    )
  },

  async write(connection, table, batch, newCells) {
    const [sql, values] = updateStatement(table, updateLists(table, batch, newCells))
    return (await connection.query(sql, values)).affected
  },
}

function readStatement(table: BulkTable, options: ReadOptions, values: Values): string {
  const packed = [
    ...table.key.map(
      ({ type }, i) => `array_agg(s.k${i}${isDirect(type) ? "" : "::text"})::text AS k${i}`,
    ),
    ...table.columns.map((_, i) => `array_agg(s.c${i})::text AS c${i}`),
  ]
  const columns = [
    ...table.key.map(({ name }, i) => `t.${escape(name)} AS k${i}`),
    ...table.columns.map((name, i) => `t.${escape(name)}::text AS c${i}`),
  ]
  return (
    `SELECT ${packed.join(", ")} FROM (SELECT ${columns.join(", ")} FROM ${table.path} t` +
    whereClause(
      ...rangeConditions(table, options, values),
      filterCondition(table, options.filter, hasTokenHead, (name) => `t.${escape(name)}`),
      table.where,
    ) +
    ` ORDER BY ${keyList(table)} LIMIT ${options.limit}) s`
  )
}

function arrayBatch(keys: readonly ArrayLiteral[], literals: readonly ArrayLiteral[]): ArrayBatch {
  const cells = literals.map((literal) => literal.values())
  const size = cells[0]?.length ?? 0
  return {
    ...{ size, cells, keys, literals },
    last: size === 0 ? undefined : keyAt(keys, size - 1),
    toRows: () =>
      Array.from({ length: size }, (_, row) => ({
        key: keyAt(keys, row),
        cells: cells.map((column) => column[row] ?? null),
      })),
  }
}

function updateLists(
  table: BulkTable,
  { keys, literals, size }: ArrayBatch,
  newCells: readonly NewCells[],
): UpdateLists {
  const rows: number[] = []
  for (let row = 0; row < size; row++) {
    if (newCells.some((cells) => cells[row] !== undefined)) rows.push(row)
  }
  const pick = ({ text, elements }: ArrayLiteral): string =>
    rows.length === size ? text : arrayOf(rows.map((row) => elements[row]))
  return {
    keys: keys.map(pick),
    keyCasts: table.key.map(({ type }) => (isDirect(type) ? `${type}[]` : `text[]::${type}[]`)),
    oldCells: literals.map(pick),
    // Tokens stand for themselves
    newCells: literals.map(({ elements }, i) =>
      arrayOf(rows.map((row) => newCells[i]?.[row] ?? elements[row])),
    ),
    first: keyAt(keys, rows[0] ?? 0),
    last: keyAt(keys, rows.at(-1) ?? 0),
  }
}

function isDirect(type: string): boolean {
  return DIRECT_TYPES.has(type)
}

function keyAt(keys: readonly ArrayLiteral[], row: number): Key {
  return keys.map(({ elements }) => readElement(elements[row] ?? "NULL"))
}

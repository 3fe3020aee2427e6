import { type ColumnUse, type ColumnUseKind, type FindUses, names } from "../column-uses"
import type { Connection } from "../connection"

/** Reads the definitions that SQLite keeps as texts, and what indexes it made by itself. */
export const findSqliteUses: FindUses = async (connection, { table, column }) => {
  const { rows } = await connection.query(
    "SELECT type, name, tbl_name, sql FROM sqlite_master UNION ALL " +
      "SELECT type, name, tbl_name, sql FROM sqlite_temp_master ORDER BY 1, 2",
  )
  const uses: ColumnUse[] = [...(await constraintIndexes(connection, table, column))]
  for (const { type, name, tbl_name, sql } of rows) {
    const isOfTable = String(tbl_name).toLowerCase() === table.toLowerCase()
    const isItself = type === "table" && isOfTable
    // A trigger of another table may write to this one
    if (!isItself && (isOfTable || names(sql, table)) && names(sql, column)) {
      uses.push({ kind: kindOf(type), name: String(name), byText: type !== "index" })
    }
    if (isItself && countNames(String(sql), column) > 1) {
      uses.push({ kind: "other", name: `the definition of ${String(name)}`, byText: true })
    }
  }
  return uses
}

/** An index that a UNIQUE or a PRIMARY KEY makes has no text. */
async function constraintIndexes(
  connection: Connection,
  table: string,
  column: string,
): Promise<readonly ColumnUse[]> {
  const { rows } = await connection.query(
    "SELECT l.name FROM pragma_table_list t, pragma_index_list(t.name, t.schema) l, " +
      "pragma_index_info(l.name, t.schema) i WHERE l.origin <> 'c' AND lower(i.name) = lower(?) " +
      "AND t.name = ? ORDER BY 1",
    [column, table],
  )
  return rows.map(({ name }) => ({ kind: "index", name: String(name), byText: false }))
}

function kindOf(type: unknown): ColumnUseKind {
  switch (type) {
    case "index":
    case "trigger":
    case "view":
      return type
    default:
      return "foreign key"
  }
}

function countNames(sql: string, column: string): number {
  const parts = sql.split(/[^\p{L}\p{N}_$]+/u)
  return parts.filter((part) => part.toLowerCase() === column.toLowerCase()).length
}

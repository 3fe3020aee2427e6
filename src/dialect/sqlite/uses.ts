import { type ColumnUse, type FindUses, names } from "../column-uses"
import type { Connection } from "../connection"
import { siblingPath } from "./table"

/** Reads the definitions that SQLite keeps as texts, and what indexes it made by itself. */
export const findSqliteUses: FindUses = async (connection, { table, column }) => {
  const { rows } = await connection.query(
    "SELECT type, name, tbl_name, sql FROM sqlite_master UNION ALL " +
      "SELECT type, name, tbl_name, sql FROM sqlite_temp_master ORDER BY 1, 2",
  )
  const uses: ColumnUse[] = [
    ...(await constraintIndexes(connection, table, column)),
    ...(await foreignKeys(connection, table, column)),
  ]
  for (const { type, name, tbl_name, sql } of rows) {
    const isOfTable = String(tbl_name).toLowerCase() === table.toLowerCase()
    const isItself = type === "table" && isOfTable
    // A trigger of another table may write to this one
    const kind = kindOf(type)
    if (kind && (isOfTable || names(sql, table)) && names(sql, column)) {
      const remove = `DROP ${kind.toUpperCase()} ${siblingPath("", String(name))}`
      uses.push({ kind, name: String(name), byText: kind !== "index", remove })
    }
    if (isItself && countNames(String(sql), column) > 1) {
      const definition = `the definition of ${String(name)}`
      uses.push({ kind: "other", name: definition, byText: true, remove: undefined })
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
  return rows.map(({ name }) => ({
    ...{ kind: "index", name: String(name), byText: false },
    remove: undefined,
  }))
}

/** A foreign key goes when its table is made anew. */
async function foreignKeys(
  connection: Connection,
  table: string,
  column: string,
): Promise<readonly ColumnUse[]> {
  const { rows } = await connection.query(
    'SELECT DISTINCT m.name AS "of", f."table" AS referred FROM sqlite_master m, ' +
      "pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND " +
      '((lower(m.name) = lower(?) AND lower(f."from") = lower(?)) OR ' +
      '(lower(f."table") = lower(?) AND lower(f."to") = lower(?))) ORDER BY 1, 2',
    [table, column, table, column],
  )
  return rows.map(({ of, referred }) => ({
    kind: "foreign key",
    name: `of ${String(of)} to ${String(referred)}`,
    byText: false,
    remove: undefined,
  }))
}

function kindOf(type: unknown): "index" | "trigger" | "view" | undefined {
  return type === "index" || type === "trigger" || type === "view" ? type : undefined
}

function countNames(sql: string, column: string): number {
  const parts = sql.split(/[^\p{L}\p{N}_$]+/u)
  return parts.filter((part) => part.toLowerCase() === column.toLowerCase()).length
}

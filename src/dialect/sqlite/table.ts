import type { Connection, ResultRow } from "../connection"
import type { Looking } from "../conversions/conversion"
import type { ColumnFacts, TableFacts } from "../dialect"

/** Asks SQLite for the columns and keys of a table. */
export async function describeSqliteTable(
  connection: Connection,
  path: string,
): Promise<TableFacts> {
  const columns = await pragma(connection, "table_xinfo", path)
  const key = columns.filter(({ pk }) => Number(pk) > 0)
  const primaryKey = key.sort((a, b) => Number(a.pk) - Number(b.pk)).map(({ name }) => String(name))
  const uniqueKeys = primaryKey.length > 0 ? [primaryKey] : []
  for (const { name, unique, partial } of await pragma(connection, "index_list", path)) {
    if (Number(unique) !== 1 || Number(partial) === 1) continue
    const parts = await pragma(connection, "index_info", siblingPath(path, String(name)))
    if (parts.every((part) => part.name !== null)) {
      uniqueKeys.push(parts.map((part) => String(part.name)))
    }
  }
  return {
    ...{ columns: columns.map(columnFacts), primaryKey, uniqueKeys, mustReread: true },
    ...{ hidesRows: false, heirs: [], takesWrites: true, engineWithoutTransactions: undefined },
  }
}

/** A pragma names the schema before itself, and the rest in parentheses. */
export async function pragma(
  connection: Looking,
  name: string,
  path: string,
): Promise<readonly ResultRow[]> {
  const dot = path.lastIndexOf('"."')
  const schema = dot < 0 ? "" : `${path.slice(0, dot + 1)}.`
  const { rows } = await connection.query(
    `PRAGMA ${schema}${name}(${path.slice(dot + (dot < 0 ? 1 : 2))})`,
  )
  return rows
}

/** Returns the path of what is in the schema of a table, by its name. */
export function siblingPath(path: string, name: string): string {
  const dot = path.lastIndexOf('"."')
  return `${dot < 0 ? "" : path.slice(0, dot + 2)}"${name.replaceAll('"', '""')}"`
}

function columnFacts({ name, type, notnull, hidden }: ResultRow): ColumnFacts {
  return {
    name: String(name),
    type: String(type),
    isText: isTextType(String(type)),
    limit: undefined,
    holdsNul: true,
    nullable: Number(notnull) === 0,
    generated: Number(hidden) > 1,
    selfUpdating: false,
  }
}

/** Columns of text affinity (https://sqlite.org/datatype3.html, section 3.1). */
function isTextType(type: string): boolean {
  return !/INT/i.test(type) && /CHAR|CLOB|TEXT/i.test(type)
}

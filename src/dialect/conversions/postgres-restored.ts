import { escape } from "../postgres/expressions"
import { postgresToken } from "../token-condition"
import type { OpenConnection, ValueTarget } from "./conversion"
import { readCatalog, readType } from "./postgres-catalog"

/** Says whether a column has a type, and no cell that is to be taken for a token. */
export async function isRestoredPostgres(
  { connection }: OpenConnection,
  path: string,
  { name, type: wished }: ValueTarget,
): Promise<boolean> {
  const [column] = await readCatalog(connection, path, [name])
  const { type } = await readType(connection, wished)
  if (column?.type !== type) return false
  const cell = column.base === "bytea" ? `encode(${escape(name)}, 'escape')` : escape(name)
  const { rows } = await connection.query(
    `SELECT EXISTS (SELECT FROM ${path} WHERE ${postgresToken(cell)}) AS found`,
  )
  return rows[0]?.found === false
}

import { escapeMysql } from "../mysql/expressions"
import { hashedName } from "../sql"
import type { Looking } from "./conversion"

/** MySQL's longest identifier; of a name in ASCII, bytes are characters. */
export const MAX_NAME = 64

/** Returns the name of the column that a text is made in, beside another. */
export function besideName(name: string): string {
  return hashedName([name], "_converted", MAX_NAME)
}

/**
 * Finds the columns that a change of types made beside others and was killed before they took their
 * places, and returns the statements that drop them: the columns they were made of are as they were.
 * TypeORM cannot load a table that has a computed column it has not made.
 *
 * @param database - `undefined` for that of the connection
 */
export async function findLeftBeside(
  connection: Looking,
  database: string | undefined,
): Promise<readonly string[]> {
  const inDatabase = "TABLE_SCHEMA = coalesce(?, database())"
  const { rows } = await connection.query(
    "SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS `table`, COLUMN_NAME AS name, " +
      "coalesce(GENERATION_EXPRESSION, '') <> '' AS computed FROM information_schema.COLUMNS " +
      `WHERE ${inDatabase} AND TABLE_NAME IN (SELECT TABLE_NAME FROM information_schema.COLUMNS ` +
      `WHERE ${inDatabase} AND COLUMN_NAME LIKE '%!_converted' ESCAPE '!')`,
    [database ?? null, database ?? null],
  )
  const isLeft = (one: (typeof rows)[number]): boolean =>
    Number(one.computed) === 1 &&
    rows.some(({ table, name }) => table === one.table && besideName(String(name)) === one.name)
  return rows.filter(isLeft).map(({ schema, table, name }) => {
    const path = [schema, table].map((part) => escapeMysql(String(part))).join(".")
    return `ALTER TABLE ${path} DROP COLUMN ${escapeMysql(String(name))}`
  })
}

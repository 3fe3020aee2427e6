import type { Looking } from "../conversions/conversion"
import type { Leftover } from "../schema-dialect"
import { escapeMysql } from "./expressions"

/** Asks MySQL and MariaDB what columns have that does not go with tokens. */
export async function mysqlLeftovers(
  connection: Looking,
  path: string,
  columns: readonly string[],
): Promise<readonly Leftover[]> {
  const described = await connection.query(`SHOW FULL COLUMNS FROM ${path}`)
  const defaults = described.rows.flatMap(({ Field, Default, Null }): readonly Leftover[] => {
    const column = String(Field)
    if (!columns.includes(column) || Default === null) return []
    // Without a DEFAULT, MariaDB demands a value even where NULL is one
    const change = Null === "YES" ? "SET DEFAULT NULL" : "DROP DEFAULT"
    const drop = `ALTER TABLE ${path} ALTER COLUMN ${escapeMysql(column)} ${change}`
    return [{ column, kind: "default", drop }]
  })
  const { rows } = await connection.query(`SHOW INDEX FROM ${path} WHERE Key_name <> 'PRIMARY'`)
  const indexes = rows.flatMap(({ Key_name, Column_name, Expression, Non_unique }) => {
    const name = String(Key_name)
    const drop = `DROP INDEX ${escapeMysql(name)} ON ${path}`
    const kind = Number(Non_unique) === 0 ? ("unique" as const) : ("index" as const)
    return columns
      .filter((column) => column === Column_name || isIn(column, Expression))
      .map((column) => ({ column, kind, name, drop }))
  })
  return [...defaults, ...indexes]
}

/** MySQL has indexes of expressions. */
function isIn(column: string, expression: unknown): boolean {
  return typeof expression === "string" && expression.includes(escapeMysql(column))
}

import type { Connection } from "../connection"
import { SHORTEST_TOKEN } from "../../fernet/token-format"
import type { SchemaDialect } from "../schema-dialect"
import { constraintName } from "../sql"
import { mysqlToken } from "../token-condition"
import { escapeMysql } from "./expressions"

/** MySQL's longest identifier, in characters. */
const MAX_NAME = 64

/** Changes of definition in MySQL and MariaDB, which copy the table and block writes meanwhile. */
export const mysqlSchema: SchemaDialect = {
  widen: (connection, path, column) => modify(connection, path, column.name, "mediumtext"),

  retype: (connection, path, column, type) => modify(connection, path, column.name, type),

  constraint(path, table, column) {
    const name = constraintName(table, column, MAX_NAME)
    const escaped = escapeMysql(name)
    const cell = escapeMysql(column)
    const check = `${mysqlToken(cell)} AND length(${cell}) >= ${SHORTEST_TOKEN}`
    return {
      name,
      check,
      add: [`ALTER TABLE ${path} ADD CONSTRAINT ${escaped} CHECK (${check})`],
      drop: `ALTER TABLE ${path} DROP CONSTRAINT ${escaped}`,
    }
  },

  async constraintState(connection, path, name) {
    const { rows } = await connection.query(`SHOW CREATE TABLE ${path}`)
    const definition = String(rows[0]?.["Create Table"])
    return definition.includes(`CONSTRAINT ${escapeMysql(name)}`) ? "proven" : "absent"
  },
}

/** MODIFY drops what it does not repeat: character set, NOT NULL and comment. */
async function modify(
  connection: Connection,
  path: string,
  name: string,
  type: string,
): Promise<string> {
  const column = escapeMysql(name)
  const { rows } = await connection.query(`SHOW FULL COLUMNS FROM ${path} WHERE Field = ?`, [name])
  const [{ Collation, Null, Comment } = {}] = rows
  const isText = /char|text/i.test(type) && typeof Collation === "string"
  const parts = [
    isText ? ` COLLATE ${Collation}` : "",
    Null === "NO" ? " NOT NULL" : " NULL",
    typeof Comment === "string" ? ` COMMENT ${literal(Comment)}` : "",
  ]
  return `ALTER TABLE ${path} MODIFY ${column} ${type}${parts.join("")}`
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
}

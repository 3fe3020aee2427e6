import { SHORTEST_TOKEN } from "../../fernet/token-format"
import { planMysql, planMysqlBack } from "../conversions/mysql-plan"
import type { SchemaDialect } from "../schema-dialect"
import { constraintName } from "../sql"
import { mysqlToken } from "../token-condition"
import { escapeMysql } from "./expressions"

/** MySQL's longest identifier, in characters. */
const MAX_NAME = 64

/** Changes of definition in MySQL and MariaDB, which copy the table and block writes meanwhile. */
export const mysqlSchema: SchemaDialect = {
  anyToken: "mediumtext",
  enforcesTypes: true,
  convert: ({ connection }, path, targets) => planMysql(connection, path, targets),
  restore: ({ connection }, path, targets) => planMysqlBack(connection, path, targets),

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

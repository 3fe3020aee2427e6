import { SHORTEST_TOKEN } from "../../fernet/token-format"
import { compareCheck, type FoundConstraint } from "../check-definition"
import { whyUnfitMysql } from "../conversions/mysql-fits"
import { planMysql, planMysqlBack } from "../conversions/mysql-plan"
import { isRestoredMysql } from "../conversions/mysql-restored"
import type { SchemaDialect } from "../schema-dialect"
import { constraintName } from "../sql"
import { mysqlToken } from "../token-condition"
import { escapeMysql } from "./expressions"
import { mysqlLeftovers } from "./leftovers"
import { findMysqlUses } from "./uses"

/** MySQL's longest identifier, in characters. */
const MAX_NAME = 64

/** Changes of definition in MySQL and MariaDB, which copy the table and block writes meanwhile. */
export const mysqlSchema: SchemaDialect = {
  anyToken: "mediumtext",
  enforcesTypes: true,
  convert: ({ connection }, path, targets) => planMysql(connection, path, targets),
  restore: ({ connection }, path, targets, looks) =>
    planMysqlBack(connection, path, targets, looks),
  isRestored: ({ connection }, path, target) => isRestoredMysql(connection, path, target),
  whyUnfit: ({ connection }, target, texts) => whyUnfitMysql(connection, target, texts),
  leftovers: mysqlLeftovers,
  findUses: findMysqlUses,

  async sizeOf(connection, path) {
    const names = namesIn(path)
    const { rows } = await connection.query(
      "SELECT data_length + index_length AS bytes FROM information_schema.tables " +
        "WHERE table_schema = coalesce(?, database()) AND table_name = ?",
      [names.length > 1 ? names[0] : null, names.at(-1)],
    )
    return Number(rows[0]?.bytes)
  },

  constraint(path, table, column) {
    const name = constraintName(table, column, MAX_NAME)
    const escaped = escapeMysql(name)
    const cell = escapeMysql(column)
    const check = `${mysqlToken(cell)} AND length(${cell}) >= ${SHORTEST_TOKEN}`
    const add = [`ALTER TABLE ${path} ADD CONSTRAINT ${escaped} CHECK (${check})`]
    const drop = `ALTER TABLE ${path} DROP CONSTRAINT ${escaped}`
    const lock = "copies the table, and keeps writers out meanwhile"
    return { name, check, add, drop, lock, replace: [drop, ...add] }
  },

  async constraintState(connection, path, { name, check }, column) {
    const { rows } = await connection.query(`SHOW CREATE TABLE ${path}`)
    const lines = String(rows[0]?.["Create Table"]).split("\n")
    const head = `  CONSTRAINT ${escapeMysql(name)} CHECK `
    const definition = lines.find((line) => line.startsWith(head))?.slice(head.length)
    return compareCheck(definition === undefined ? undefined : foundIn(definition), check, column)
  },
}

/** Of a constraint that is not enforced, the server says so behind it. */
function foundIn(definition: string): FoundConstraint {
  return { definition, columns: namesIn(definition), proven: true }
}

function namesIn(sql: string): readonly string[] {
  const names = sql.match(/`(?:[^`]|``)*`/g) ?? []
  return names.map((name) => name.slice(1, -1).replaceAll("``", "`"))
}

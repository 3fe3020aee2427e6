import { SHORTEST_TOKEN } from "../../fernet/token-format"
import { compareCheck } from "../check-definition"
import { planPostgres, planPostgresBack, whyUnfitPostgres } from "../conversions/postgres-plan"
import { isRestoredPostgres } from "../conversions/postgres-restored"
import type { SchemaDialect } from "../schema-dialect"
import { constraintName } from "../sql"
import { postgresToken } from "../token-condition"
import { escape } from "./expressions"
import { postgresLeftovers } from "./leftovers"
import { findPostgresUses } from "./uses"

/** PostgreSQL's longest identifier, in bytes. */
const MAX_NAME = 63

/** Changes of definition in PostgreSQL. From varchar to text only the catalogue is rewritten. */
export const postgresSchema: SchemaDialect = {
  anyToken: "text",
  enforcesTypes: true,
  convert: planPostgres,
  restore: planPostgresBack,
  isRestored: isRestoredPostgres,
  whyUnfit: whyUnfitPostgres,
  leftovers: postgresLeftovers,
  findUses: findPostgresUses,

  async sizeOf(connection, path) {
    const { rows } = await connection.query(
      "SELECT pg_total_relation_size(to_regclass($1)) AS bytes",
      [path],
    )
    return Number(rows[0]?.bytes)
  },

  constraint(path, table, column) {
    const name = constraintName(table, column, MAX_NAME)
    const escaped = escape(name)
    const cell = escape(column)
    const check = `${postgresToken(cell)} AND length(CAST(${cell} AS text)) >= ${SHORTEST_TOKEN}`
    // In two steps the table is locked for a moment only, and read while others write. One that
    // could not be validated is made anew.
    const add = [
      `ALTER TABLE ${path} DROP CONSTRAINT IF EXISTS ${escaped}, ` +
        `ADD CONSTRAINT ${escaped} CHECK (${check}) NOT VALID`,
      `ALTER TABLE ${path} VALIDATE CONSTRAINT ${escaped}`,
    ]
    const drop = `ALTER TABLE ${path} DROP CONSTRAINT ${escaped}`
    const lock = "keeps everyone out for a moment, then reads the table beside readers and writers"
    return { name, check, add, drop, lock, replace: add }
  },

  async constraintState(connection, path, { name, check }, column) {
    const { rows } = await connection.query(
      "SELECT convalidated, pg_get_expr(conbin, conrelid) AS definition, ARRAY(SELECT attname::text " +
        "FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns " +
        "FROM pg_constraint WHERE conrelid = $1::regclass AND conname = $2",
      [path, name],
    )
    const [row] = rows
    const found = row && {
      definition: String(row.definition),
      columns: row.columns as readonly string[],
      proven: row.convalidated === true,
    }
    return compareCheck(found, check, column)
  },
}

import { SHORTEST_TOKEN } from "../../fernet/token-format"
import { planPostgres, planPostgresBack } from "../conversions/postgres-plan"
import type { SchemaDialect } from "../schema-dialect"
import { constraintName } from "../sql"
import { postgresToken } from "../token-condition"
import { escape } from "./expressions"

/** PostgreSQL's longest identifier, in bytes. */
const MAX_NAME = 63

/** Changes of definition in PostgreSQL. From varchar to text only the catalogue is rewritten. */
export const postgresSchema: SchemaDialect = {
  anyToken: "text",
  enforcesTypes: true,
  convert: planPostgres,
  restore: planPostgresBack,

  constraint(path, table, column) {
    const name = constraintName(table, column, MAX_NAME)
    const escaped = escape(name)
    const cell = escape(column)
    const check = `${postgresToken(cell)} AND length(CAST(${cell} AS text)) >= ${SHORTEST_TOKEN}`
    return {
      name,
      check,
      // In two steps the table is locked for a moment only, and read while others write. One that
      // could not be validated is made anew.
      add: [
        `ALTER TABLE ${path} DROP CONSTRAINT IF EXISTS ${escaped}, ` +
          `ADD CONSTRAINT ${escaped} CHECK (${check}) NOT VALID`,
        `ALTER TABLE ${path} VALIDATE CONSTRAINT ${escaped}`,
      ],
      drop: `ALTER TABLE ${path} DROP CONSTRAINT ${escaped}`,
    }
  },

  async constraintState(connection, path, name) {
    const { rows } = await connection.query(
      "SELECT convalidated FROM pg_constraint WHERE conrelid = $1::regclass AND conname = $2",
      [path, name],
    )
    const [row] = rows
    if (!row) return "absent"
    return row.convalidated === true ? "proven" : "unproven"
  },
}

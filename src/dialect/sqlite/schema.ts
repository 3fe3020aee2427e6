import type { SchemaDialect } from "../schema-dialect"

/** SQLite changes no column of a table that exists; its text has no limit either. */
export const sqliteSchema: SchemaDialect = {
  widen: () => Promise.resolve(undefined),
  retype: () => Promise.resolve(undefined),
  constraint: () => undefined,
  constraintState: () => Promise.resolve("absent"),
}

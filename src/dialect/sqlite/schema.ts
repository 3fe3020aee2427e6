import type { SchemaDialect } from "../schema-dialect"
import { sqliteLeftovers } from "./leftovers"
import { findSqliteUses } from "./uses"

/** SQLite changes no column of a table that exists; its text has no limit either. */
export const sqliteSchema: SchemaDialect = {
  anyToken: "text",
  enforcesTypes: false,
  convert: () => Promise.resolve(undefined),
  restore: () => Promise.resolve(undefined),
  isRestored: () => Promise.resolve(false),
  whyUnfit: () => Promise.resolve(undefined),
  constraint: () => undefined,
  constraintState: () => Promise.resolve("absent"),
  leftovers: sqliteLeftovers,
  sizeOf: () => Promise.resolve(undefined),
  findUses: findSqliteUses,
}

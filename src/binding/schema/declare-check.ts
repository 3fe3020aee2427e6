import type { DataSource, EntityMetadata } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import type { CheckMetadata, ColumnMetadata } from "../typeorm-internals"

/**
 * Declares the constraint that keeps plaintext out of a column in the model of one DataSource, on
 * databases whose constraints TypeORM manages: what it does not find there it drops.
 */
export function declareCheck(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  driver: DataSource["options"]["type"],
): void {
  const { modelConstraint } = driverFacts(driver)
  const constraint = modelConstraint?.("", metadata.tableName, column.databaseName)
  if (!constraint) return
  const { name, check: expression } = constraint
  // TypeORM reads no more of it than this
  const declared: unknown = { name, givenName: name, expression, entityMetadata: metadata }
  metadata.checks.push(declared as CheckMetadata)
}

import type { DataSource } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import type { ColumnMetadata } from "../typeorm-internals"

/**
 * Returns how many characters of token a column holds, or `undefined` if there is no limit. Checked
 * by us because a server that is not strict truncates, and because the server's own error would
 * show the statement.
 */
export function tokenLimit(
  column: ColumnMetadata,
  driver: DataSource["options"]["type"],
): number | undefined {
  if (column.length) return Number(column.length)
  return driverFacts(driver).textLimits?.[String(column.type)]
}

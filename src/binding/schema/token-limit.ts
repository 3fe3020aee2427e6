import type { DataSource } from "typeorm"

import type { ColumnMetadata } from "../typeorm-internals"

/** What MySQL's text types hold, in bytes; a token is ASCII. */
const MYSQL_TEXT_LIMITS: Readonly<Record<string, number>> = {
  text: 2 ** 16 - 1,
  mediumtext: 2 ** 24 - 1,
  longtext: 2 ** 32 - 1,
  // TypeORM's default length there
  varchar: 255,
  "character varying": 255,
}

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
  return driver === "mysql" || driver === "mariadb" || driver === "aurora-mysql"
    ? MYSQL_TEXT_LIMITS[String(column.type)]
    : undefined
}

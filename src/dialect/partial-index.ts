import type { DataSource } from "typeorm"

const WITHOUT: readonly DataSource["options"]["type"][] = ["aurora-mysql", "mariadb", "mysql"]

/** Whether a database can have an index over some rows of a table only. */
export function hasPartialIndexes(type: DataSource["options"]["type"]): boolean {
  return !WITHOUT.includes(type)
}

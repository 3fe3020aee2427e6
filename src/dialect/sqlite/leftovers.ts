import type { Looking } from "../conversions/conversion"
import type { Leftover } from "../schema-dialect"
import { pragma, siblingPath } from "./table"

/** Asks SQLite what columns have that does not go with tokens. What is part of its table stays. */
export async function sqliteLeftovers(
  connection: Looking,
  path: string,
  columns: readonly string[],
): Promise<readonly Leftover[]> {
  const found: Leftover[] = []
  for (const { name, dflt_value: value } of await pragma(connection, "table_xinfo", path)) {
    const hasDefault = typeof value === "string" && !/^null$/i.test(value)
    if (!hasDefault || !columns.includes(String(name))) continue
    found.push({ column: String(name), kind: "default", drop: undefined })
  }
  for (const { name, unique, origin } of await pragma(connection, "index_list", path)) {
    if (origin === "pk") continue
    const index = siblingPath(path, String(name))
    const parts = (await pragma(connection, "index_info", index)).map((part) => part.name)
    const kind = Number(unique) === 1 ? ("unique" as const) : ("index" as const)
    const drop = origin === "c" ? `DROP INDEX ${index}` : undefined
    const covered = columns.filter((column) => parts.includes(column))
    found.push(...covered.map((column) => ({ column, kind, name: String(name), drop })))
  }
  return found
}

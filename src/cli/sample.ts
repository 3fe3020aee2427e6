import type { DataSource } from "typeorm"

import type { SelectedTable } from "./select-tables"

/** How much of a table to look at. */
export type Sample = { readonly fraction: number } | { readonly rows: number }

/**
 * Returns a condition that passes a random sample of a table's rows, about as large as asked for.
 *
 * @param where - the condition that the rows sampled from pass, if any
 */
export async function sampleCondition(
  dataSource: DataSource,
  { metadata }: Pick<SelectedTable, "metadata">,
  sample: Sample,
  where: string | undefined,
): Promise<string | undefined> {
  const fraction =
    "fraction" in sample
      ? sample.fraction
      : sample.rows / Math.max(1, await countRows(dataSource, metadata.tablePath, where))
  if (fraction >= 1) return where
  const random = `${randomNumber(dataSource)} < ${fraction.toFixed(12)}`
  return where === undefined ? random : `(${where}) AND ${random}`
}

async function countRows(
  dataSource: DataSource,
  tablePath: string,
  where: string | undefined,
): Promise<number> {
  const path = tablePath.split(".").map((part) => dataSource.driver.escape(part))
  const condition = where === undefined ? "" : ` WHERE ${where}`
  const sql = `SELECT COUNT(*) AS total FROM ${path.join(".")} t${condition}`
  const [row] = await dataSource.query<{ total: number | string }[]>(sql)
  return Number(row?.total ?? 0)
}

/** SQL for a number from 0 to 1, anew for every row. */
function randomNumber({ options: { type } }: DataSource): string {
  if (type === "mysql" || type === "mariadb") return "RAND()"
  if (type === "better-sqlite3") return "ABS(RANDOM() % 1000000) / 1000000.0"
  return "RANDOM()"
}

import { escapeMysql } from "../mysql/expressions"
import { mysqlToken } from "../token-condition"
import { type Looking, speltType, type ValueTarget } from "./conversion"
import { readTable } from "./mysql-catalog"
import { fullType } from "./mysql-fits"

/** Says whether a column has a type, and no cell that is to be taken for a token. */
export async function isRestoredMysql(
  connection: Looking,
  path: string,
  { name, type }: ValueTarget,
): Promise<boolean> {
  const column = (await readTable(connection, path)).find((one) => one.name === name)
  if (!column || !isSameType(column.type, type)) return false
  const { rows } = await connection.query(
    `SELECT COUNT(*) AS tokens FROM ${path} WHERE ${mysqlToken(escapeMysql(name))}`,
  )
  return Number(rows[0]?.tokens) === 0
}

/** Some servers write how wide a number is displayed, which is nothing of its type; of booleans, all do. */
function isSameType(found: string, wished: string): boolean {
  const [one, other] = [found, wished].map((type) =>
    fullType(speltType(type))
      .replace(/^bool(?:ean)?$/, "tinyint(1)")
      .replace(/^(tinyint(?!\(1\))|(?:small|medium|big)?int|year)\(\d+\)/, "$1"),
  )
  return one === other
}

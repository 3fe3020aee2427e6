import { escapeMysql } from "../mysql/expressions"
import type { Looking } from "./conversion"
import { besideName } from "./mysql-beside"

/** A column as the server describes it. */
export interface DescribedColumn {
  readonly name: string
  readonly type: string
  readonly collation: string | undefined
  readonly nullable: boolean
  readonly comment: string
  /** All of its definition but its name, as `SHOW CREATE TABLE` has it. */
  readonly definition: string
  /** Its indexes, as `SHOW CREATE TABLE` has them. */
  readonly indexes: readonly string[]
  readonly obstacles: readonly string[]
}

/** Asks the server for the columns of a table, and what is in the way of changing each. */
export async function readTable(
  connection: Looking,
  path: string,
): Promise<readonly DescribedColumn[]> {
  const { rows } = await connection.query(`SHOW FULL COLUMNS FROM ${path}`)
  const created = await connection.query(`SHOW CREATE TABLE ${path}`)
  const lines = String(created.rows[0]?.["Create Table"]).split("\n")
  return rows.map(({ Field, Type, Collation, Null, Comment }) => {
    const name = String(Field)
    const own = lines.find((line) => line.startsWith(`  ${escapeMysql(name)} `)) ?? ""
    const definition = own.slice(escapeMysql(name).length + 3).replace(/,$/, "")
    return {
      name,
      type: String(Type),
      collation: typeof Collation === "string" ? Collation : undefined,
      nullable: Null === "YES",
      comment: typeof Comment === "string" ? Comment : "",
      definition,
      indexes: lines.filter((line) => INDEX.test(line) && line.includes(escapeMysql(name))),
      obstacles: obstacles(
        name,
        definition,
        lines.slice(1).filter((line) => line !== own),
      ),
    }
  })
}

/** Returns the name of an index, escaped, as its definition has it. */
export function indexName(definition: string): string {
  return INDEX.exec(definition)?.[1] ?? ""
}

const INDEX = /^ +(?:UNIQUE |FULLTEXT )?KEY (`(?:[^`]|``)*`) .*?,?$/

/** What else of a table's definition a change of the type would break, or would change silently. */
function obstacles(name: string, definition: string, others: readonly string[]): readonly string[] {
  const escaped = escapeMysql(name)
  const found: string[] = []
  if (/ (?:GENERATED ALWAYS )?AS \(/i.test(definition)) found.push("it is computed by the database")
  // What a conversion that was killed left behind
  const beside = `  ${escapeMysql(besideName(name))} `
  const using = others.filter((one) => one.includes(escaped) && !one.startsWith(beside))
  for (const line of using) {
    if (/ AS \(/i.test(line)) found.push(`${line.trim().split(" ")[0] ?? ""} is computed from it`)
    const [, check] = /^ *CONSTRAINT `((?:[^`]|``)*)` CHECK /.exec(line) ?? []
    if (check !== undefined && !check.endsWith("_is_token")) found.push(`CHECK ${check} uses it`)
    if (/^ *(?:PARTITION BY|SUBPARTITION BY)/i.test(line)) {
      found.push("the table is partitioned by it")
    }
  }
  if (others.some((line) => / WITH SYSTEM VERSIONING/i.test(line))) {
    found.push("the table keeps its history")
  }
  return found
}

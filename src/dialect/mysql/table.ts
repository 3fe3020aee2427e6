import type { Connection, ResultRow } from "../connection"
import type { ColumnFacts, TableFacts } from "../dialect"
import { driverCodeOf } from "../statement-error"
import { bindMysql } from "./expressions"

/** Characters that MySQL's text types hold; a token is ASCII. */
const TEXT_LIMITS: Readonly<Record<string, number>> = {
  tinytext: 2 ** 8 - 1,
  text: 2 ** 16 - 1,
  mediumtext: 2 ** 24 - 1,
  longtext: 2 ** 32 - 1,
}

/** What holds of every table: no statement returns what it wrote, and no row is hidden. */
const always = { mustReread: true, hidesRows: false, heirs: [], takesWrites: true } as const

const noTable: TableFacts = {
  ...{ ...always, columns: [], primaryKey: [], uniqueKeys: [] },
  engineWithoutTransactions: undefined,
}

/** Asks MySQL for the columns and keys of a table. */
export async function describeMysqlTable(
  connection: Connection,
  path: string,
): Promise<TableFacts> {
  const columns = await rowsOf(connection, `SHOW FULL COLUMNS FROM ${path}`)
  if (columns.length === 0) return noTable
  const parts = await rowsOf(connection, `SHOW INDEX FROM ${path} WHERE Non_unique = 0`)
  parts.sort((a, b) => Number(a.Seq_in_index) - Number(b.Seq_in_index))
  const keyNames = new Set(parts.map(({ Key_name }) => String(Key_name)))
  const keys = [...keyNames].map((name) => parts.filter(({ Key_name }) => Key_name === name))
  const names = (key: readonly ResultRow[]): string[] => key.map((one) => String(one.Column_name))
  return {
    columns: columns.map(columnFacts),
    primaryKey: keys.filter(([part]) => part?.Key_name === "PRIMARY").flatMap(names),
    uniqueKeys: keys.filter((key) => key.every(isWholeColumn)).map(names),
    ...always,
    engineWithoutTransactions: await engineWithoutTransactions(connection, path),
  }
}

/** A view has no engine. */
async function engineWithoutTransactions(
  connection: Connection,
  path: string,
): Promise<string | undefined> {
  const [name = "", schema] = path.slice(1, -1).split("`.`").reverse().map(unescaped)
  const { rows } = await connection.query(
    "SELECT e.ENGINE AS engine FROM information_schema.TABLES t JOIN information_schema.ENGINES e " +
      "ON e.ENGINE = t.ENGINE AND e.TRANSACTIONS <> 'YES' " +
      `WHERE t.TABLE_SCHEMA = ${schema === undefined ? "DATABASE()" : "?"} AND t.TABLE_NAME = ?`,
    schema === undefined ? [bindMysql(name)] : [bindMysql(schema), bindMysql(name)],
  )
  const [found] = rows
  return found && String(found.engine)
}

function unescaped(identifier: string): string {
  return identifier.replaceAll("``", "`")
}

async function rowsOf(connection: Connection, sql: string): Promise<ResultRow[]> {
  try {
    return [...(await connection.query(sql)).rows]
  } catch (error) {
    if (driverCodeOf(error) === "ER_NO_SUCH_TABLE") return []
    throw error
  }
}

/** Neither a prefix of a column nor an expression. */
function isWholeColumn({ Column_name, Sub_part }: ResultRow): boolean {
  return Column_name !== null && Sub_part === null
}

function columnFacts({ Field, Type, Collation, Null, Extra }: ResultRow): ColumnFacts {
  const type = String(Type)
  const [, length] = /^varchar\((\d+)\)/.exec(type) ?? []
  const limit = length ? Number(length) : TEXT_LIMITS[type]
  return {
    name: String(Field),
    type,
    isText: limit !== undefined,
    limit,
    holdsNul: true,
    nullable: Null === "YES",
    generated: /\bgenerated\b/i.test(String(Extra).replace(/default_generated/i, "")),
    selfUpdating: /\bon update\b/i.test(String(Extra)),
    collation: typeof Collation === "string" ? Collation : undefined,
  }
}

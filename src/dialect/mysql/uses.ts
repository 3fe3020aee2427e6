import { type ColumnUse, type ColumnUseKind, type FindUses, names } from "../column-uses"
import { escapeMysql } from "./expressions"

/** Reads the definition of the table, and the texts of what else there is in its database. */
export const findMysqlUses: FindUses = async (connection, { path, table, column }) => {
  const { rows } = await connection.query(`SHOW CREATE TABLE ${path}`)
  const definition = String(rows[0]?.["Create Table"])
  const schema = path.includes("`.`") ? path.slice(1, path.indexOf("`.`")) : undefined
  const uses = definition.split("\n").flatMap((line) => usesIn(line, column, path))
  const beside = schema === undefined ? "" : `${escapeMysql(schema)}.`
  for (const { kind, sql, ofTable, drop } of TEXTS) {
    const found = await connection.query(sql, [schema ?? null])
    for (const { name, source, on } of found.rows) {
      const isOfTable = ofTable ? String(on) === table : names(source, table) || kind === "event"
      if (!isOfTable || !names(source, column)) continue
      const remove = drop && `${drop} ${beside}${escapeMysql(String(name))}`
      uses.push({ kind, name: String(name), byText: true, remove })
    }
  }
  const foreign = await connection.query(FOREIGN_KEYS, [schema ?? null, table, column])
  uses.push(
    ...foreign.rows.map(({ name, of, key }): ColumnUse => ({
      kind: "foreign key",
      name: String(name),
      byText: false,
      remove: `ALTER TABLE ${beside}${escapeMysql(String(of))} DROP FOREIGN KEY ${escapeMysql(String(key))}`,
    })),
  )
  return uses
}

/** What one line of a table's definition says of a column. */
function usesIn(line: string, column: string, path: string): readonly ColumnUse[] {
  const escaped = escapeMysql(column)
  const text = line.trim().replace(/,$/, "")
  const [own = ""] = /`(?:[^`]|``)*`/.exec(text) ?? []
  const alter = (change: string): string => `ALTER TABLE ${path} ${change}`
  const use = (kind: ColumnUseKind, change?: string): readonly ColumnUse[] => [
    { kind, name: text, byText: false, remove: change && alter(change) },
  ]
  if (text.startsWith(`${escaped} `)) {
    // Without a DEFAULT, MariaDB demands a value even where NULL is one
    const change = / NOT NULL\b/.test(text) ? "DROP DEFAULT" : "SET DEFAULT NULL"
    const remove = alter(`ALTER COLUMN ${escaped} ${change}`)
    const found = { name: escaped, byText: false }
    return [
      ...(/ DEFAULT (?!NULL)/.test(text) ? [{ ...found, kind: "default" as const, remove }] : []),
      ...(text.includes(" CHECK (")
        ? [{ ...found, kind: "check" as const, remove: undefined }]
        : []),
    ]
  }
  if (!text.includes(escaped)) return []
  if (text.startsWith("`")) {
    return /\bAS \(/.test(text) ? use("generated column", `DROP COLUMN ${own}`) : use("check")
  }
  if (/\bFOREIGN KEY\b/.test(text)) return use("foreign key", `DROP FOREIGN KEY ${own}`)
  if (/^(?:CONSTRAINT .* )?CHECK\b/.test(text)) return use("check", `DROP CONSTRAINT ${own}`)
  return /\bKEY\b/.test(text) && !text.includes("PARTITION")
    ? use("index", text.startsWith("PRIMARY") ? undefined : `DROP INDEX ${own}`)
    : use("partition")
}

interface TextQuery {
  readonly kind: ColumnUseKind
  readonly sql: string
  /** Whether it says which table it is of; else its text does. */
  readonly ofTable: boolean
  /** What drops one, before its name. */
  readonly drop?: string
}

const SCHEMA = "coalesce(?, database())"

const TEXTS: readonly TextQuery[] = [
  {
    kind: "view",
    ofTable: false,
    drop: "DROP VIEW",
    sql:
      "SELECT TABLE_NAME AS name, VIEW_DEFINITION AS source FROM information_schema.VIEWS " +
      `WHERE TABLE_SCHEMA = ${SCHEMA} ORDER BY 1`,
  },
  {
    kind: "trigger",
    ofTable: true,
    drop: "DROP TRIGGER",
    sql:
      "SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS source, EVENT_OBJECT_TABLE AS `on` " +
      `FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ${SCHEMA} ORDER BY 1`,
  },
  {
    kind: "function",
    ofTable: false,
    sql:
      "SELECT ROUTINE_NAME AS name, ROUTINE_DEFINITION AS source FROM information_schema.ROUTINES " +
      `WHERE ROUTINE_SCHEMA = ${SCHEMA} ORDER BY 1`,
  },
  {
    kind: "event",
    ofTable: false,
    sql:
      "SELECT EVENT_NAME AS name, EVENT_DEFINITION AS source FROM information_schema.EVENTS " +
      `WHERE EVENT_SCHEMA = ${SCHEMA} ORDER BY 1`,
  },
]

/** Of other tables, that refer to the column. */
const FOREIGN_KEYS =
  "SELECT concat(TABLE_NAME, '.', CONSTRAINT_NAME) AS name, TABLE_NAME AS `of`, CONSTRAINT_NAME AS `key` FROM information_schema.KEY_COLUMN_USAGE " +
  `WHERE REFERENCED_TABLE_SCHEMA = ${SCHEMA} AND REFERENCED_TABLE_NAME = ? ` +
  "AND REFERENCED_COLUMN_NAME = ? ORDER BY 1"

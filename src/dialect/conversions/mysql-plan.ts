import { plaintextWithin } from "../../fernet/token-format"
import { escapeMysql } from "../mysql/expressions"
import { hashedName } from "../sql"
import { mysqlToken } from "../token-condition"
import {
  type ColumnTarget,
  isRefusal,
  type Looking,
  noneOfCodec,
  problemsOf,
  speltType,
  tokensDoNotFit,
  type TypeChange,
  type ValueTarget,
  wouldNotComeBack,
} from "./conversion"
import { mysqlConversion, type MysqlConversion } from "./mysql"
import { besideName, MAX_NAME } from "./mysql-beside"
import { type DescribedColumn, indexName, readTable } from "./mysql-catalog"
import { fullType, goesBack } from "./mysql-fits"
import { unreadCells } from "./unread-cells"

/** Whom a change of types keeps waiting. */
const LOCK = "copies the table, and keeps writers out meanwhile"

interface Planned {
  readonly target: ColumnTarget
  readonly from: DescribedColumn
  readonly conversion: MysqlConversion
}

interface Found {
  readonly problems: readonly string[]
  readonly holdsTokens: boolean
}

/** Bytes that the text types hold. */
const TEXT_BYTES: Readonly<Record<string, number>> = { tinytext: 2 ** 8 - 1, text: 2 ** 16 - 1 }

/** Seconds that a type change waits for others: behind it waits everyone else. */
const LOCK_TIMEOUT = 10

/**
 * Plans the statements that give columns of a table other types with every value kept, or names
 * everything that is in the way. Changes nothing.
 *
 * @param path - the table, escaped
 */
export async function planMysql(
  connection: Looking,
  path: string,
  targets: readonly ColumnTarget[],
): Promise<TypeChange> {
  const columns = await readTable(connection, path)
  const planned: Planned[] = []
  const problems: string[] = []
  for (const target of targets) {
    const from = columns.find(({ name }) => name === target.name)
    if (!from) {
      problems.push(`${target.label} is not in the database.`)
      continue
    }
    const conversion = mysqlConversion(from.type, target)
    const reasons = from.obstacles.map((obstacle) => `which cannot be changed, since ${obstacle}`)
    if (isRefusal(conversion)) reasons.unshift(conversion.refusal)
    problems.push(...reasons.map((reason) => `${target.label} is ${from.type}, ${reason}.`))
    if (!isRefusal(conversion) && reasons.length === 0) planned.push({ target, from, conversion })
  }
  const found = await lookAtRows(connection, path, planned)
  problems.push(...found.flatMap((one) => one.problems))
  if (problems.length > 0 || planned.length === 0) return { problems, up: [], down: [] }
  const isMariaDb = await speaksMariaDb(connection)
  const mayHoldTokens = found.map(({ holdsTokens }) => holdsTokens)
  return {
    problems,
    lock: LOCK,
    up: inStrictMode(isMariaDb, upStatements(path, planned, isMariaDb)),
    down: inStrictMode(isMariaDb, downStatements(path, planned, mayHoldTokens, isMariaDb)),
    ...(!isMariaDb && { afterFailure: [strictSession.end] }),
  }
}

/**
 * Plans the statements that give columns of text the types of their values again, or names the
 * columns that hold what such a type would refuse, cut or round, and never a value. Changes nothing.
 *
 * @param path - the table, escaped
 * @param looks - whether to look at the values
 */
export async function planMysqlBack(
  connection: Looking,
  path: string,
  targets: readonly ValueTarget[],
  looks: boolean,
): Promise<TypeChange> {
  const columns = await readTable(connection, path)
  const problems: string[] = []
  const planned: Planned[] = []
  for (const { name, label, type: wished, timeZone } of targets) {
    const found = columns.find((column) => column.name === name)
    const type = speltType(wished)
    const reader = type === "tinyint(1)" ? "boolean" : "own"
    const conversion = mysqlConversion(fullType(type), { reader, timeZone })
    if (!found || isRefusal(conversion)) {
      const reason = isRefusal(conversion) ? conversion.refusal : "which is not in the database"
      problems.push(`${label} cannot be given the type ${wished}, ${reason}.`)
      continue
    }
    const guard = goesBack(escapeMysql(name), conversion, false) ?? "1"
    const count = `SELECT COUNT(*) AS cells FROM ${path} WHERE NOT (${guard})`
    const refused = looks ? Number((await connection.query(count)).rows[0]?.cells) : 0
    if (refused > 0) problems.push(`${label}: ${refused} of its values do not fit into ${wished}.`)
    const from = { ...found, type: wished, definition: newDefinition(wished, found) }
    const never = { reader: "own", grows: false, reads: () => true } as const
    const target = { name, label, type: wished, ...never }
    planned.push({ target, from, conversion })
  }
  if (problems.length > 0) return { problems, up: [], down: [] }
  const isMariaDb = await speaksMariaDb(connection)
  return {
    problems,
    up: inStrictMode(isMariaDb, downStatements(path, planned, undefined, isMariaDb)),
    down: [],
    lock: LOCK,
    ...(!isMariaDb && { afterFailure: [strictSession.end] }),
  }
}

async function speaksMariaDb(connection: Looking): Promise<boolean> {
  const { rows } = await connection.query("SELECT version() AS version")
  return /mariadb/i.test(String(rows[0]?.version))
}

async function lookAtRows(
  connection: Looking,
  path: string,
  planned: readonly Planned[],
): Promise<readonly Found[]> {
  if (planned.length === 0) return []
  const sums = planned.flatMap(({ target, from, conversion }) => {
    const column = escapeMysql(from.name)
    return [
      conversion.unfit?.(column) ?? "0",
      isLost(column, conversion, target),
      isTooLong(conversion.up(column), target.type),
      isTooLongAsToken(conversion.up(column), target),
      mysqlToken(conversion.up(column)),
    ]
  })
  const selected = sums.map((sum, i) => `SUM(COALESCE(${sum}, 0)) AS c${i}`).join(", ")
  const { rows } = await connection.query(`SELECT ${selected} FROM ${path}`)
  const found: Found[] = []
  for (const [i, one] of planned.entries()) {
    const count = (n: number): number => Number(rows[0]?.[`c${5 * i + n}`] ?? 0)
    const column = escapeMysql(one.from.name)
    // Not the column itself, whose JSON the driver would parse
    const text = `CONCAT(${one.conversion.up(column)}, '')`
    const cells = `SELECT ${text} AS cell FROM ${path} WHERE ${column} IS NOT NULL`
    const isShown = !one.conversion.readable && count(0) === 0
    const unread = isShown ? await unreadCells(connection, cells, one.target.reads) : 0
    found.push({
      problems: problemsOf(one.target, one.from.type, [
        [count(0), one.conversion.whyUnfit],
        [count(1), wouldNotComeBack(one.target)],
        [count(2), `do not fit into ${one.target.type}`],
        [count(2) > 0 ? 0 : count(3), tokensDoNotFit(one.target)],
        [unread, noneOfCodec(one.target)],
      ]),
      holdsTokens: count(4) > 0,
    })
  }
  return found
}

function isLost(
  column: string,
  { up, down, swapped }: MysqlConversion,
  target: ColumnTarget,
): string {
  if (!swapped || target.reader === "digest") return "0"
  return `NOT (${down(up(column))} <=> ${column})`
}

function isTooLong(text: string, type: string): string {
  const [, length] = /^varchar\((\d+)\)/.exec(type) ?? []
  if (length !== undefined) return `CHAR_LENGTH(${text}) > ${length}`
  const bytes = TEXT_BYTES[type]
  return bytes === undefined ? "0" : `LENGTH(${text}) > ${bytes}`
}

function isTooLongAsToken(text: string, { type, grows }: ColumnTarget): string {
  const [, length] = /^varchar\((\d+)\)/.exec(type) ?? []
  const limit = length === undefined ? TEXT_BYTES[type] : Number(length)
  if (!grows || limit === undefined) return "0"
  const bytes = `LENGTH(CONVERT(${text} USING utf8mb4))`
  return `NOT ${mysqlToken(text)} AND ${bytes} > ${plaintextWithin(limit)}`
}

/** The text is made beside the column, and then takes its place: nobody reads half of it. */
function upStatements(
  path: string,
  planned: readonly Planned[],
  isMariaDb: boolean,
): readonly string[] {
  const before: string[] = []
  const first: string[] = []
  const second: string[] = []
  for (const { target, from, conversion } of planned) {
    const column = escapeMysql(from.name)
    const definition = newDefinition(target.type, from)
    if (conversion.swapped) {
      const expression = conversion.up(column)
      const made = { type: target.type, expression, definition }
      const [add, replace] = swap(from, made)
      const drop = dropIfThere(isMariaDb, path, "COLUMN", besideName(from.name))
      before.push(...drop.before)
      first.push(...drop.actions, add)
      second.push(...replace)
    } else {
      first.push(`MODIFY ${column} ${definition}`)
    }
  }
  return [...before, ...alterStatements(path, [first, second])]
}

/** The last statement changes all types at once: until then, who is killed finds texts, and begins again. */
function downStatements(
  path: string,
  planned: readonly Planned[],
  mayHoldTokens: readonly boolean[] | undefined,
  isMariaDb: boolean,
): readonly string[] {
  const before: string[] = []
  const [guarded, computed, replaced]: [string[], string[], string[]] = [[], [], []]
  for (const [i, { from, conversion }] of planned.entries()) {
    const column = escapeMysql(from.name)
    const guard = mayHoldTokens && goesBack(column, conversion, mayHoldTokens[i] === true)
    if (guard !== undefined) {
      const name = hashedName([from.name], "_is_plaintext", MAX_NAME)
      const drop = dropIfThere(isMariaDb, path, "CONSTRAINT", name)
      before.push(...drop.before)
      guarded.push(...drop.actions, `ADD CONSTRAINT ${escapeMysql(name)} CHECK (${guard})`)
      replaced.push(`DROP CONSTRAINT ${escapeMysql(name)}`)
    }
    const { back } = conversion
    if (!back) replaced.push(`MODIFY ${column} ${from.definition}`)
    else {
      const drop = dropIfThere(isMariaDb, path, "COLUMN", besideName(from.name))
      before.push(...drop.before)
      const expression = back.expression(column)
      const [add, replace] = swap(from, {
        type: back.type,
        expression,
        definition: from.definition,
      })
      computed.push(...drop.actions, add)
      replaced.push(...replace)
    }
  }
  return [...before, ...alterStatements(path, [guarded, computed, replaced])]
}

function alterStatements(path: string, stages: readonly (readonly string[])[]): readonly string[] {
  return stages.flatMap((actions) =>
    actions.length === 0 ? [] : [`ALTER TABLE ${path} ${actions.join(", ")}`],
  )
}

/** What is to run before a change of the table, and as a part of it. */
interface Drop {
  readonly before: readonly string[]
  readonly actions: readonly string[]
}

/** Drops what a change that was killed left behind. MySQL has no IF EXISTS for it. */
function dropIfThere(
  isMariaDb: boolean,
  path: string,
  kind: "COLUMN" | "CONSTRAINT",
  name: string,
): Drop {
  if (isMariaDb) return { before: [], actions: [`DROP ${kind} IF EXISTS ${escapeMysql(name)}`] }
  const [table = "", schema] = path.slice(1, -1).split("`.`").reverse().map(unescaped)
  const drop = `ALTER TABLE ${path} DROP ${kind} ${escapeMysql(name)}`
  const catalog = kind === "COLUMN" ? "COLUMNS" : "TABLE_CONSTRAINTS"
  return {
    before: [
      `SET @fernet_drop = (SELECT IF(COUNT(*) = 0, 'DO 0', ${literal(drop)}) ` +
        `FROM information_schema.${catalog} WHERE TABLE_NAME = ${literal(table)} AND ` +
        `TABLE_SCHEMA = ${schema === undefined ? "DATABASE()" : literal(schema)} AND ` +
        `${kind}_NAME = ${literal(name)})`,
      "PREPARE fernet_drop FROM @fernet_drop",
      "EXECUTE fernet_drop",
      "DEALLOCATE PREPARE fernet_drop",
    ],
    actions: [],
  }
}

function unescaped(identifier: string): string {
  return identifier.replaceAll("``", "`")
}

/** Its indexes would go with the column; a text needs none, and would need a length in them. */
function swap(
  { name, indexes }: DescribedColumn,
  { type, expression, definition }: Readonly<Record<"definition" | "expression" | "type", string>>,
): readonly [add: string, replace: readonly string[]] {
  const column = escapeMysql(name)
  const beside = escapeMysql(besideName(name))
  const kept = type.includes("text") ? [] : indexes
  return [
    `ADD COLUMN ${beside} ${type} AS (${expression}) STORED AFTER ${column}`,
    [
      ...kept.map((index) => `DROP KEY ${indexName(index)}`),
      `DROP COLUMN ${column}`,
      `CHANGE ${beside} ${column} ${definition}`,
      ...kept.map((index) => `ADD ${index.trim().replace(/,$/, "")}`),
    ],
  ]
}

/** What is not repeated, the server drops: NOT NULL, the collation and the comment are kept so. */
function newDefinition(
  type: string,
  { type: old, collation, nullable, comment }: DescribedColumn,
): string {
  const isText = [old, type].every((one) => /char|text|enum|^set/i.test(one))
  const parts = [
    ...(isText && collation !== undefined ? [`COLLATE ${collation}`] : []),
    nullable ? "NULL" : "NOT NULL",
    ...(comment === "" ? [] : [`COMMENT ${literal(comment)}`]),
  ]
  return `${type} ${parts.join(" ")}`
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
}

/** In another mode a value that does not fit is cut, clamped or emptied with a warning. */
function inStrictMode(isMariaDb: boolean, statements: readonly string[]): readonly string[] {
  if (isMariaDb) {
    const settings = `sql_mode = 'STRICT_ALL_TABLES', lock_wait_timeout = ${LOCK_TIMEOUT}`
    return statements.map((statement) => `SET STATEMENT ${settings} FOR ${statement}`)
  }
  return [strictSession.begin, ...statements, strictSession.end]
}

/** What makes a session of MySQL strict, and gives it its modes back. */
export const strictSession: Readonly<Record<"begin" | "end", string>> = {
  begin:
    "SET @fernet_sql_mode = @@SESSION.sql_mode, @fernet_lock_wait = @@SESSION.lock_wait_timeout, " +
    "@@SESSION.sql_mode = 'STRICT_ALL_TABLES', " +
    `@@SESSION.lock_wait_timeout = CAST(LEAST(@@SESSION.lock_wait_timeout, ${LOCK_TIMEOUT}) AS SIGNED)`,
  end: "SET @@SESSION.sql_mode = @fernet_sql_mode, @@SESSION.lock_wait_timeout = @fernet_lock_wait",
}

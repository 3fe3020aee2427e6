import { sqliteToken } from "../token-condition"
import {
  type ColumnTarget,
  type Conversion,
  type CopiedColumn,
  isRefusal,
  type Looking,
  noneOfCodec,
  problemsOf,
  type TypeChange,
  wouldNotComeBack,
} from "./conversion"
import { sqliteConversion } from "./sqlite"
import { unreadCells } from "./unread-cells"

interface Planned {
  readonly target: ColumnTarget
  readonly type: string
  readonly conversion: Conversion
}

/**
 * Plans what columns are copied by while their table is made anew, which is how SQLite changes a
 * type, or names everything that is in the way. Changes nothing.
 *
 * @param path - the table, escaped
 */
export async function planSqlite(
  connection: Looking,
  path: string,
  targets: readonly ColumnTarget[],
): Promise<TypeChange> {
  const { rows } = await connection.query(`PRAGMA table_xinfo(${path.split(".").at(-1) ?? path})`)
  const planned: Planned[] = []
  const problems: string[] = []
  for (const target of targets) {
    const column = rows.find(({ name }) => name === target.name)
    const type = typeof column?.type === "string" ? column.type : ""
    if (Number(column?.hidden ?? 0) > 1) {
      problems.push(`${target.label} is computed by the database, and cannot be encrypted.`)
      continue
    }
    const conversion = sqliteConversion(type, target)
    if (!isRefusal(conversion)) planned.push({ target, type, conversion })
    else problems.push(`${target.label} is ${type}, ${conversion.refusal}.`)
  }
  const copied: CopiedColumn[] = []
  const guards: string[] = []
  for (const one of planned) {
    const found = await lookAtRows(connection, path, one)
    problems.push(...found.problems)
    const { name } = one.target
    copied.push({
      name,
      up: one.conversion.up(escape(name)),
      down: one.conversion.down(escape(name)),
    })
    guards.push(...guard(path, one, found.holdsTokens))
  }
  return { problems, up: [], down: guards, copied }
}

async function lookAtRows(
  connection: Looking,
  path: string,
  { target, type, conversion }: Planned,
): Promise<{ readonly problems: readonly string[]; readonly holdsTokens: boolean }> {
  const column = escape(target.name)
  const { up, down, exact, unfit, whyUnfit, readable } = conversion
  const isLost = exact
    ? "0"
    : `${down(up(column))} <> ${column} AND ${asReal(down(up(column)), column)}`
  const { rows } = await connection.query(
    `SELECT coalesce(sum(${unfit?.(column) ?? "0"}), 0) AS unfit, coalesce(sum(${isLost}), 0) AS lost, ` +
      `coalesce(max(${sqliteToken(column)}), 0) AS tokens FROM ${path}`,
  )
  const [row = {}] = rows
  const cells = `SELECT ${up(column)} AS cell FROM ${path} WHERE ${column} IS NOT NULL`
  const isShown = !readable && Number(row.unfit) === 0
  const unread = isShown ? await unreadCells(connection, cells, target.reads) : 0
  return {
    problems: problemsOf(target, type, [
      [Number(row.unfit), whyUnfit],
      [Number(row.lost), wouldNotComeBack(target)],
      [unread, noneOfCodec(target)],
    ]),
    holdsTokens: Number(row.tokens) > 0,
  }
}

/** The column that it comes back to makes a number of a text again. */
function asReal(text: string, column: string): string {
  return `(typeof(${column}) <> 'real' OR CAST(${text} AS REAL) <> ${column}) AND (typeof(${column}) <> 'integer' OR CAST(${text} AS INTEGER) <> ${column})`
}

/** A table that accepts 0 only, and is given how many cells do not go back. */
function guard(
  path: string,
  { target, conversion }: Planned,
  mayHoldTokens: boolean,
): readonly string[] {
  const column = escape(target.name)
  const conditions = [
    ...(mayHoldTokens ? [] : [sqliteToken(column)]),
    ...(conversion.fits ? [`NOT (${conversion.fits(column)})`] : []),
  ]
  if (conditions.length === 0) return []
  const table = escape(`${target.name} must be decrypted`)
  return [
    `CREATE TEMP TABLE ${table} (cells int CHECK (cells = 0))`,
    `INSERT INTO temp.${table} SELECT count(*) FROM ${path} WHERE ${conditions.join(" OR ")}`,
    `DROP TABLE temp.${table}`,
  ]
}

function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

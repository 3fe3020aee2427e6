import { plaintextWithin } from "../../fernet/token-format"
import { escape } from "../postgres/expressions"
import { hashedName } from "../sql"
import { driverCodeOf } from "../statement-error"
import { postgresToken } from "../token-condition"
import {
  type ColumnTarget,
  type Conversion,
  isRefusal,
  type Looking,
  noneOfCodec,
  type OpenConnection,
  problemsOf,
  tokensDoNotFit,
  type TypeChange,
  type ValueTarget,
  wouldNotComeBack,
} from "./conversion"
import { documentConversion, postgresConversion } from "./postgres"
import { type CatalogColumn, readCatalog, readType } from "./postgres-catalog"

/** Whom a change that writes the table anew keeps waiting. */
const REWRITES = "rewrites the table and its indexes, and keeps everyone out meanwhile"

/** A column, what is to become of it, and how. */
interface Planned {
  readonly target: ColumnTarget
  readonly from: CatalogColumn
  readonly conversion: Conversion
}

/** What the rows say of a planned column. */
interface Found {
  readonly problems: readonly string[]
  /** Whether it holds tokens already. */
  readonly holdsTokens: boolean
}

/** PostgreSQL's longest identifier, in bytes. */
const MAX_NAME = 63

/** Cells that are read at once to be shown to a codec. */
const READ_CELLS = 2_000

/** What a value's text depends on, and what the server says them by unless it was told otherwise. */
const SETTINGS = [
  ["DateStyle", "ISO"],
  ["IntervalStyle", "postgres"],
  ["extra_float_digits", "1"],
  ["lc_monetary", "C"],
] as const

/** How long a type change waits for others: behind it waits everyone else. */
const LOCK_TIMEOUT = "10s"

/**
 * Plans the statements that give columns of a table other types with every value kept, or names
 * everything that is in the way: types without a faithful text, objects that depend on a column,
 * values that would not come back and cells that the codec would not read. Changes nothing.
 *
 * @param path - the table, escaped
 */
export async function planPostgres(
  open: OpenConnection,
  path: string,
  targets: readonly ColumnTarget[],
): Promise<TypeChange> {
  const names = targets.map(({ name }) => name)
  const catalog = await readCatalog(open.connection, path, names)
  const planned: Planned[] = []
  const problems: string[] = []
  for (const target of targets) {
    const from = catalog.find(({ name }) => name === target.name)
    if (!from) {
      problems.push(`${target.label} is not in the database.`)
      continue
    }
    const conversion = target.isDocument
      ? documentConversion(from)
      : postgresConversion(from, target)
    const reasons = from.obstacles.map((obstacle) => `which cannot be changed, since ${obstacle}`)
    if (isRefusal(conversion)) reasons.unshift(conversion.refusal)
    problems.push(...reasons.map((reason) => `${target.label} is ${from.type}, ${reason}.`))
    if (!isRefusal(conversion) && reasons.length === 0) planned.push({ target, from, conversion })
  }
  const found = await inFixedSettings(open, () => lookAtRows(open.connection, path, planned))
  problems.push(...found.flatMap((one) => one.problems))
  if (problems.length > 0 || planned.length === 0) return { problems, up: [], down: [] }
  return { problems, ...statements(path, planned, found), lock: lockOf(planned) }
}

/** From varchar to a longer one or text, only the catalogue is changed. */
function lockOf(planned: readonly Planned[]): string {
  const isKept = ({ target, from, conversion }: Planned): boolean =>
    conversion.up("c") === "c" && holdsAll(target.type, from.base)
  return planned.every(isKept) ? "keeps everyone out for a moment" : REWRITES
}

/**
 * Plans the statements that give columns of text the types of their values again, or names the
 * columns that hold what such a type would refuse, cut or round, and never a value. Changes nothing.
 *
 * @param path - the table, escaped
 * @param looks - whether to look at the values
 */
export async function planPostgresBack(
  open: OpenConnection,
  path: string,
  targets: readonly ValueTarget[],
  looks: boolean,
): Promise<TypeChange> {
  const problems: string[] = []
  const actions: string[] = []
  for (const { name, label, type: wished, timeZone } of targets) {
    const type = await readType(open.connection, wished)
    const conversion = postgresConversion(type, { reader: "own", timeZone })
    if (isRefusal(conversion)) {
      problems.push(`${label} cannot be given the type ${wished}, ${conversion.refusal}.`)
      continue
    }
    const column = escape(name)
    const guard = goesBack(column, conversion, false) ?? "true"
    const count = `SELECT count(*) AS cells FROM ${path} WHERE NOT (${guard})`
    const look = async (): Promise<number> =>
      Number((await open.connection.query(count)).rows[0]?.cells)
    const refused = looks ? await inFixedSettings(open, look) : 0
    if (refused > 0) problems.push(`${label}: ${refused} of its values do not fit into ${wished}.`)
    const text = conversion.down(column)
    const using = text === column ? "" : ` USING ${text}`
    actions.push(`ALTER COLUMN ${column} TYPE ${wished}${using}`)
  }
  const up = problems.length > 0 || actions.length === 0 ? [] : [withSettings(path, actions)]
  return { problems, up, down: [], lock: REWRITES }
}

/** Says why texts do not all become values of a type, whole, without them; `undefined` if they do. */
export async function whyUnfitPostgres(
  open: OpenConnection,
  { label, type: wished, timeZone }: ValueTarget,
  texts: readonly string[],
): Promise<string | undefined> {
  const type = await readType(open.connection, wished)
  const conversion = postgresConversion(type, { reader: "own", timeZone })
  if (isRefusal(conversion)) {
    return `${label} cannot be given the type ${wished}, ${conversion.refusal}.`
  }
  const guard = goesBack("c", conversion, true) ?? "true"
  // An assignment cast, as the change of the type makes it
  const sql =
    `SELECT count(*) FILTER (WHERE NOT (${guard})) AS cells, ` +
    `count(CASE WHEN ${guard} THEN ${conversion.down("c")} END) AS read FROM unnest($1::text[]) AS v(c)`
  try {
    const unfit = await inFixedSettings(open, async () => {
      const { rows } = await open.connection.query(sql, [texts])
      return Number(rows[0]?.cells)
    })
    return unfit === 0 ? undefined : `${label}: ${unfit} of its values do not fit into ${wished}.`
  } catch (error) {
    const code = driverCodeOf(error)
    // A lost connection is tried again
    if (!code.startsWith("22")) throw error
    return `${label}: some of its values do not fit into ${wished} (${code}).`
  }
}

/** Looks without leaving a trace, neither of a setting nor of a statement that failed. */
async function inFixedSettings<Result>(
  { connection, inTransaction }: OpenConnection,
  look: () => Promise<Result>,
): Promise<Result> {
  const name = "typeorm_fernet_look"
  await connection.query(inTransaction ? `SAVEPOINT ${name}` : "BEGIN")
  try {
    await connection.query(`SELECT ${SETTINGS.map(setting).join(", ")}`)
    return await look()
  } finally {
    await connection.query(inTransaction ? `ROLLBACK TO SAVEPOINT ${name}` : "ROLLBACK")
    if (inTransaction) await connection.query(`RELEASE SAVEPOINT ${name}`)
  }
}

function setting([name, value]: readonly [string, string]): string {
  return `set_config('${name}', '${value}', true)`
}

async function lookAtRows(
  connection: Looking,
  path: string,
  planned: readonly Planned[],
): Promise<readonly Found[]> {
  if (planned.length === 0) return []
  const counts = planned.flatMap(({ target, from, conversion }) => {
    const column = escape(from.name)
    const unfit = conversion.unfit?.(column) ?? "false"
    return [
      `count(*) FILTER (WHERE ${unfit})`,
      `count(*) FILTER (WHERE CASE WHEN ${unfit} THEN false ELSE ${isLost(column, from, target, conversion)} END)`,
      `count(*) FILTER (WHERE CASE WHEN ${unfit} THEN false ELSE ${isTooLongAsToken(conversion.up(column), target)} END)`,
      `coalesce(bool_or(CASE WHEN ${unfit} THEN false ELSE ${postgresToken(conversion.up(column))} END), false)`,
    ]
  })
  try {
    const selected = counts.map((count, i) => `${count} AS c${i}`).join(", ")
    const { rows } = await connection.query(`SELECT ${selected} FROM ${path}`)
    const found: Found[] = []
    for (const [i, one] of planned.entries()) {
      const [unfit, lost, tooLong, holdsTokens] = [0, 1, 2, 3].map(
        (n) => rows[0]?.[`c${4 * i + n}`],
      )
      const unread = Number(unfit) > 0 ? 0 : await countUnread(connection, path, one)
      found.push({
        problems: problemsOf(one.target, one.from.type, [
          [Number(unfit), one.conversion.whyUnfit],
          [Number(lost), wouldNotComeBack(one.target)],
          [Number(tooLong), tokensDoNotFit(one.target)],
          [unread, noneOfCodec(one.target)],
        ]),
        holdsTokens: holdsTokens === true,
      })
    }
    return found
  } catch (error) {
    const labels = planned.map(({ target }) => target.label).join(", ")
    const problem = `${labels}: the values could not be looked at (${driverCodeOf(error)}).`
    return planned.map((_, i) => ({ problems: i === 0 ? [problem] : [], holdsTokens: false }))
  }
}

/** The condition under which a value is another after it became text and a value again. */
function isLost(
  column: string,
  from: CatalogColumn,
  { type, reader }: ColumnTarget,
  { up, down, exact }: Conversion,
): string {
  if (reader === "digest" || (exact && holdsAll(type, from.base))) return "false"
  const text = up(column)
  const stored = `(${text})::${type}`
  return (
    `${column} IS NOT NULL AND (${stored}::text IS DISTINCT FROM ${text} ` +
    `OR (${down(`${stored}::text`)})::${from.type}::text IS DISTINCT FROM ${column}::text)`
  )
}

/** The condition under which the token of a text is longer than its type. */
function isTooLongAsToken(text: string, { type, grows }: ColumnTarget): string {
  const [, length] = /\((\d+)\)$/.exec(type) ?? []
  if (!grows || length === undefined) return "false"
  const longest = plaintextWithin(Number(length))
  return `NOT ${postgresToken(text)} AND octet_length(convert_to(${text}, 'UTF8')) > ${longest}`
}

/** Whether a text type is no shorter than another. */
function holdsAll(type: string, from: string): boolean {
  const length = (of: string): number => Number(/\((\d+)\)$/.exec(of)?.[1] ?? Infinity)
  return (
    length(type) === Infinity ||
    (from.startsWith("character varying") && length(type) >= length(from))
  )
}

/** Shows every text that is no token to the codec, unless it reads whatever there may be. */
async function countUnread(
  connection: Looking,
  path: string,
  { target, from, conversion }: Planned,
): Promise<number> {
  if (conversion.readable) return 0
  const text = conversion.up(escape(from.name))
  await connection.query(
    `DECLARE typeorm_fernet_cells NO SCROLL CURSOR FOR SELECT ${text} AS cell FROM ${path} ` +
      `WHERE ${escape(from.name)} IS NOT NULL`,
  )
  let unread = 0
  for (;;) {
    const { rows } = await connection.query(`FETCH ${READ_CELLS} FROM typeorm_fernet_cells`)
    unread += rows.filter(({ cell }) => !target.reads(String(cell))).length
    if (rows.length < READ_CELLS) break
  }
  await connection.query("CLOSE typeorm_fernet_cells")
  return unread
}

function statements(
  path: string,
  planned: readonly Planned[],
  found: readonly Found[],
): Pick<TypeChange, "down" | "up"> {
  const up: string[] = []
  const down: string[] = []
  const guards: string[] = []
  const released: string[] = []
  for (const [i, { target, from, conversion }] of planned.entries()) {
    const column = escape(from.name)
    if (from.default !== undefined) up.push(`ALTER COLUMN ${column} DROP DEFAULT`)
    // From text to JSON there is no cast that PostgreSQL would make by itself
    const cast = target.isDocument ? `::${target.type}` : ""
    up.push(alterType(column, target.type, from, conversion.up(column) + cast))
    const mayHoldTokens = found[i]?.holdsTokens === true || target.isDocument === true
    const guard = goesBack(column, conversion, mayHoldTokens)
    if (guard !== undefined) {
      const name = escape(hashedName([from.name], "_is_plaintext", MAX_NAME))
      guards.push(`ADD CONSTRAINT ${name} CHECK (${guard})`)
      released.push(`DROP CONSTRAINT ${name}`)
    }
    down.push(alterType(column, from.type, from, conversion.down(column)))
    if (from.default !== undefined) down.push(`ALTER COLUMN ${column} SET DEFAULT ${from.default}`)
  }
  return {
    up: [withSettings(path, up)],
    down: [
      ...(guards.length > 0 ? [withSettings(path, guards)] : []),
      withSettings(path, [...released, ...down]),
    ],
  }
}

function alterType(
  column: string,
  type: string,
  { collation, type: old }: CatalogColumn,
  text: string,
): string {
  const isText = [type, old].every((one) => /^(?:text|char|varchar)/.test(one))
  const collate = collation !== undefined && isText ? ` COLLATE ${collation}` : ""
  return `ALTER COLUMN ${column} TYPE ${type}${collate}${text === column ? "" : ` USING ${text}`}`
}

/** The condition under which a cell goes back; NULL does. Its name is all that an error shows. */
function goesBack(
  column: string,
  { fits }: Conversion,
  mayHoldTokens: boolean,
): string | undefined {
  const conditions = [
    ...(mayHoldTokens ? [] : [`WHEN ${postgresToken(column)} THEN false`]),
    ...(fits ? [`WHEN NOT (${fits(column)}) THEN false`] : []),
  ]
  if (conditions.length === 0) return undefined
  return `CASE WHEN ${column} IS NULL THEN true ${conditions.join(" ")} ELSE true END`
}

/** In one string, which is one transaction wherever none is open: so the settings end with it. */
function withSettings(path: string, actions: readonly string[]): string {
  const isPlain = actions.every((action) => !/ USING | CHECK /.test(action))
  const lockTimeout =
    "set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' " +
    `THEN '${LOCK_TIMEOUT}' ELSE current_setting('lock_timeout') END, true)`
  const settings = [lockTimeout, ...(isPlain ? [] : SETTINGS.map(setting))]
  return `SELECT ${settings.join(", ")}; ALTER TABLE ${path} ${actions.join(", ")}`
}

import { escapeMysql } from "../mysql/expressions"
import { driverCodeOf, isRefusal as isRefused } from "../statement-error"
import { mysqlToken } from "../token-condition"
import { isRefusal, type Looking, speltType, type ValueTarget } from "./conversion"
import { mysqlConversion, type MysqlConversion } from "./mysql"

/** What texts that are looked at in one statement have together, and how many they are. */
const LOOKED_AT = { bytes: 1_000_000, texts: 1_000 }

/**
 * Says why texts do not all become values of a type, whole, without them; `undefined` if they do.
 * They are put into a temporary table, since no expression of the server refuses what a column does.
 */
export async function whyUnfitMysql(
  connection: Looking,
  { label, type: wished, timeZone }: ValueTarget,
  texts: readonly string[],
): Promise<string | undefined> {
  const type = fullType(speltType(wished))
  const reader = type === "tinyint(1)" ? "boolean" : "own"
  const conversion = mysqlConversion(type, { reader, timeZone })
  if (isRefusal(conversion)) {
    return `${label} cannot be given the type ${wished}, ${conversion.refusal}.`
  }
  const guard = goesBack("c", conversion, true) ?? "1"
  const table = escapeMysql("typeorm_fernet_fits")
  await connection.query(`DROP TEMPORARY TABLE IF EXISTS ${table}`)
  await connection.query(`CREATE TEMPORARY TABLE ${table} (c ${wished} NULL)`)
  try {
    for (const part of inParts(texts)) {
      const rows = part.map(() => "SELECT CONVERT(? USING utf8mb4) AS c").join(" UNION ALL ")
      const { rows: counts } = await connection.query(
        `SELECT COUNT(*) AS cells FROM (${rows}) v WHERE NOT (${guard})`,
        part,
      )
      const unfit = Number(counts[0]?.cells)
      if (unfit > 0) return `${label}: ${unfit} of its values do not fit into ${wished}.`
      await connection.query(
        `INSERT INTO ${table} SELECT ${conversion.down("c")} FROM (${rows}) v`,
        part,
      )
    }
    return undefined
  } catch (error) {
    if (!isRefused(error)) throw error
    return `${label}: some of its values do not fit into ${wished} (${driverCodeOf(error)}).`
  } finally {
    await connection.query(`DROP TEMPORARY TABLE IF EXISTS ${table}`)
  }
}

function* inParts(texts: readonly string[]): Generator<readonly Buffer[]> {
  let part: Buffer[] = []
  let bytes = 0
  for (const text of texts) {
    const encoded = Buffer.from(text, "utf8")
    if (
      part.length === LOOKED_AT.texts ||
      (bytes > 0 && bytes + encoded.length > LOOKED_AT.bytes)
    ) {
      yield part
      part = []
      bytes = 0
    }
    part.push(encoded)
    bytes += encoded.length
  }
  if (part.length > 0) yield part
}

/** As the server writes a type that was given without its length. */
export function fullType(type: string): string {
  if (type === "decimal" || type === "numeric") return "decimal(10,0)"
  return type
    .replace(/^numeric/, "decimal")
    .replace(/^double precision/, "double")
    .replace(/^integer/, "int")
    .replace(/^decimal\((\d+)\)/, "decimal($1,0)")
}

/** The condition under which a cell goes back; the server names the constraint, and no value. */
export function goesBack(
  column: string,
  { fits }: MysqlConversion,
  mayHoldTokens: boolean,
): string | undefined {
  const conditions = [
    ...(mayHoldTokens ? [] : [`WHEN ${mysqlToken(column)} THEN 0`]),
    ...(fits ? [`WHEN NOT (${fits(column)}) THEN 0`] : []),
  ]
  if (conditions.length === 0) return undefined
  // For MySQL, a CHECK is a condition only if it compares
  return `CASE WHEN ${column} IS NULL THEN 1 ${conditions.join(" ")} ELSE 1 END = 1`
}

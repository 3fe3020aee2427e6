import type { PrimaryKey } from "../batch"
import type { BulkTable, KeyColumn } from "../dialect"
import type { Spelling } from "../reading"
import type { Values } from "../sql"
import { mysqlLeaf, mysqlToken } from "../token-condition"

/** How MySQL and MariaDB spell what is read. Keys travel as text and are cast by the server. */
export const mysqlSpelling: Spelling = {
  escape: escapeMysql,
  placeholder: () => "?",
  cell: (column) => utf8Bytes(`t.${escapeMysql(column)}`),
  bytes: (column) => `length(${utf8Bytes(`t.${escapeMysql(column)}`)})`,
  isToken: mysqlToken,
  hasTokens: mysqlLeaf,
  keyRead,
  keyOrder,
  keyComparison,
  keyValue,
  cellValue: (cell) => (cell as Buffer | null)?.toString("utf8") ?? null,
  // A transaction would go on seeing old rows unless it locks them
  latest: " FOR UPDATE",
}

/** Quotes an identifier of MySQL. */
export function escapeMysql(identifier: string): string {
  return `\`${identifier.replaceAll("`", "``")}\``
}

/** Text that means the same under every character set and mode of a session. */
const PLAIN = /^[\w .,:;@+=/()-]*$/

/**
 * Returns a value as it is bound: text as bytes, which the driver spells in hexadecimal, since
 * quoting depends on the session's mode and its character set may lack characters.
 */
export function bindMysql(value: unknown): unknown {
  return typeof value !== "string" || PLAIN.test(value) ? value : Buffer.from(value, "utf8")
}

/** The UTF-8 of an expression, text or bytes, as bytes: collations ignore case. */
export function utf8Bytes(expression: string): string {
  return `CAST(${utf8(expression)} AS BINARY)`
}

/** An expression, text or bytes, as text. */
export function utf8(expression: string): string {
  return `CONVERT(${expression} USING utf8mb4)`
}

/** What rows are ordered and compared by: an enum would be ordered by number, compared as text. */
export function keyOrder({ name, type }: KeyColumn): string {
  const column = `t.${escapeMysql(name)}`
  return isEnum(type) ? utf8Bytes(column) : column
}

/** What is read of a key: text, since a bigint fits no JavaScript number, or bytes. */
function keyRead({ name, type, collation }: KeyColumn): string {
  const column = `t.${escapeMysql(name)}`
  if (isFloat(type)) return `CAST(CAST(${column} AS DOUBLE) AS CHAR)`
  if (isBit(type)) return `CAST(CAST(${column} AS UNSIGNED) AS CHAR)`
  if (castType(type) !== undefined) return `CAST(${column} AS CHAR)`
  return collation === undefined ? column : utf8Bytes(column)
}

/** Returns a key that was read as {@link keyRead} says. */
export function keyValue(value: unknown, column: KeyColumn | undefined): unknown {
  return column?.collation !== undefined && Buffer.isBuffer(value) ? value.toString("utf8") : value
}

/** What a key is compared with. Two columns of different collations cannot be compared as they are. */
export function keyOperand(expression: string, { type, collation }: KeyColumn): string {
  const target = castType(type)
  if (target !== undefined) return `CAST(${expression} AS ${target})`
  if (isEnum(type)) return utf8Bytes(expression)
  if (collation === undefined) return expression
  const characterSet = collation.split("_", 1)[0] ?? ""
  return `CONVERT(${utf8(expression)} USING ${characterSet}) COLLATE ${collation}`
}

/** Spelt out, since the optimizer reads a comparison of rows without the key's index. */
function keyComparison(
  table: BulkTable,
  operator: "<=" | ">" | ">=",
  key: PrimaryKey,
  values: Values,
): string {
  const strict = operator === "<=" ? "<" : ">"
  const alternatives = table.key.map((_, last) =>
    table.key
      .slice(0, last + 1)
      .map((column, i) => {
        const isLast = i === table.key.length - 1
        const compare = i < last ? "=" : isLast ? operator : strict
        const operand = keyOperand(values.add(bindMysql(key[i])), column)
        return `${keyOrder(column)} ${compare} ${operand}`
      })
      .join(" AND "),
  )
  return alternatives.map((alternative) => `(${alternative})`).join(" OR ")
}

/** The type to cast a key's text to, or `undefined` for text and bytes, which need none. */
function castType(type: string): string | undefined {
  if (/^(?:tiny|small|medium|big)?int\b/.test(type)) {
    return type.includes("unsigned") ? "UNSIGNED" : "SIGNED"
  }
  // As text, a float has fewer digits than it has as a double
  if (isFloat(type) || /^double\b/.test(type)) return "DOUBLE"
  if (isBit(type)) return "UNSIGNED"
  if (type.startsWith("decimal")) return /^decimal\([\d,]+\)/.exec(type)?.[0]
  if (/^(?:datetime|timestamp)/.test(type)) return "DATETIME(6)"
  if (/^time\b/.test(type)) return "TIME(6)"
  return type === "date" ? "DATE" : undefined
}

function isFloat(type: string): boolean {
  return /^float\b/.test(type)
}

function isBit(type: string): boolean {
  return /^bit\b/.test(type)
}

function isEnum(type: string): boolean {
  return /^(?:enum|set)\b/.test(type)
}

import { createHash } from "node:crypto"
import { crc32 } from "node:zlib"

import { type Batch, type Cell, cellAfter, type Changes, type PrimaryKey } from "../batch"
import type { Connection } from "../connection"
import type { BulkTable } from "../dialect"
import { Values, whereClause } from "../sql"
import {
  bindMysql,
  escapeMysql,
  keyOperand,
  keyOrder,
  mysqlSpelling,
  utf8,
  utf8Bytes,
} from "./expressions"
import { atKey, sortedKeys } from "./sorted-keys"

/** How MySQL and MariaDB spell a row of a VALUES list. */
export type RowWord = "" | "ROW"

/** Cells longer than this are recognised by their hash: a packet has to hold old and new ones. */
const LONG_CELL = 1024

/** What the statement for one row and that for many have in place of a row's values. */
interface Operands {
  /** The conditions that the row of the table is meant. */
  readonly isRow: () => readonly string[]
  readonly newCell: (i: number) => string
  readonly oldCell: (i: number) => string
}

/**
 * Returns the statement that changes rows whose cells are what was read. A row by itself is not
 * joined: MariaDB cuts bytes in a VALUES list off at 64 KiB.
 */
export function updateStatement(
  table: BulkTable,
  changes: Changes,
  rowWord: RowWord,
): [sql: string, values: readonly unknown[]] {
  const { batch, rows } = changes
  const values = new Values(() => "?")
  const hashed = hasLongCell(batch, rows)
  const [only] = rows
  if (only !== undefined && rows.length === 1) {
    const row = rowOf(changes, only, hashed)
    const clauses = clausesOf(table, hashed, {
      isRow: () => keysEqual(table, (i) => place(row.key[i], values)),
      newCell: (i) => place(row.newCells[i], values),
      oldCell: (i) => place(row.oldCells[i], values),
    })
    return [`UPDATE ${table.path} t SET ${clauses.set}${clauses.where}`, values.list]
  }
  // Of MySQL nobody has measured that it takes less
  const keys = rowWord === "" ? sortedKeys(table, changes) : undefined
  if (keys) return [updateAtKeys(table, changes, { keys, hashed, values }), values.list]
  const lists = rows.map((row) => rowWord + placesOf(rowOf(changes, row, hashed), values))
  const source = `${namesOf(table)} UNION ALL VALUES ${lists.join()}`
  const clauses = clausesOf(table, hashed, {
    isRow: () => keysEqual(table, (i) => `v.k${i}`),
    newCell: (i) => `v.n${i}`,
    oldCell: (i) => `v.o${i}`,
  })
  const sql = `UPDATE ${table.path} t JOIN (${source}) v SET ${clauses.set}${clauses.where}`
  return [sql, values.list]
}

/** How rows are changed by their sorted keys. */
interface AtKeys {
  readonly keys: readonly string[]
  readonly hashed: boolean
  readonly values: Values
}

/** Without a join, MariaDB changes rows as it finds them, and not in a second pass. */
function updateAtKeys(
  table: BulkTable,
  changes: Changes,
  { keys, hashed, values }: AtKeys,
): string {
  const rows = changes.rows.map((row) => rowOf(changes, row, hashed))
  const column = table.key.map(keyOrder).join()
  const clauses = clausesOf(table, hashed, {
    isRow: () => [`${column} IN (${keys.join()})`],
    newCell: (i) =>
      atKey(
        column,
        keys,
        rows.map(({ newCells }) => place(newCells[i], values)),
      ),
    oldCell: (i) =>
      atKey(
        column,
        keys,
        rows.map(({ oldCells }) => place(oldCells[i], values)),
      ),
  })
  return `UPDATE ${table.path} t SET ${clauses.set}${clauses.where}`
}

/**
 * Whether the rows of a batch hold what was meant, by the sum of their checksums, which costs a tenth
 * of reading them. (A sum, since an exclusive or of CRCs is blind to one change made to two rows.)
 */
export async function holdsAsMeant(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
  rowWord: RowWord,
): Promise<boolean> {
  const cells = table.columns.map(
    (name) => `IFNULL(CONCAT('=', ${utf8(`t.${escapeMysql(name)}`)}), '-')`,
  )
  const checksum = `CRC32(CONCAT_WS('/', ${cells.join(", ")}))`
  const found =
    (await sumOfRange(connection, table, changes, checksum)) ??
    (await selectRows(connection, table, changes, [`SUM(${checksum})`], rowWord))[0]?.[0]
  let meant = 0
  for (const row of changes.rows) {
    const spelled = changes.batch.cells.map((_, i) => {
      const cell = cellAfter(changes, i, row)
      return cell === null ? "-" : `=${cell}`
    })
    meant += crc32(spelled.join("/"))
  }
  return Number(found) === meant
}

/**
 * Returns the sum of the checksums of rows that lie in the table one behind the other, which costs less
 * than to find each by its key; `undefined` if others lie between them.
 */
async function sumOfRange(
  connection: Connection,
  table: BulkTable,
  { batch, rows }: Changes,
  checksum: string,
): Promise<unknown> {
  const values = new Values(() => "?")
  const bounds = [
    mysqlSpelling.keyComparison(table, ">=", batch.primaryKeyAt(rows[0] ?? 0), values),
    mysqlSpelling.keyComparison(table, "<=", batch.primaryKeyAt(rows.at(-1) ?? 0), values),
  ]
  const within =
    `SELECT ${checksum} AS checksum FROM ${table.path} t${whereClause(...bounds)} ` +
    `ORDER BY ${table.key.map(keyOrder).join(", ")} LIMIT ${rows.length + 1}`
  const [found] = await connection.list(
    `SELECT COUNT(*), SUM(checksum) FROM (${within}) r`,
    values.list,
  )
  return Number(found?.[0]) === rows.length ? found?.[1] : undefined
}

/** Reads what the rows of a batch hold after a write, by their positions. */
export async function readChanged(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
  rowWord: RowWord,
): Promise<ReadonlyMap<number, readonly Cell[]>> {
  const columns = ["v.i", ...table.columns.map(mysqlSpelling.cell)]
  const found = await selectRows(connection, table, changes, columns, rowWord)
  return new Map(
    found.map(([row, ...cells]) => [
      Number(row),
      cells.map((cell) => (cell as Buffer | null)?.toString("utf8") ?? null),
    ]),
  )
}

/**
 * Locks the rows that nobody else has locked, until the transaction ends, and returns the changes of
 * these.
 */
export async function lockFreeRows(
  connection: Connection,
  table: BulkTable,
  changes: Changes,
  rowWord: RowWord,
): Promise<Changes> {
  const found = await selectRows(connection, table, changes, ["v.i"], rowWord, SKIP_LOCKED)
  return { ...changes, rows: found.map(([row]) => Number(row)).sort((a, b) => a - b) }
}

const SKIP_LOCKED = " FOR UPDATE SKIP LOCKED"

function selectRows(
  connection: Connection,
  table: BulkTable,
  { batch, rows }: Changes,
  columns: readonly string[],
  rowWord: RowWord,
  locking = "",
): Promise<readonly (readonly unknown[])[]> {
  const values = new Values(() => "?")
  const lists = rows.map((row) => {
    const key = batch.primaryKeyAt(row).map((value) => place(value, values))
    return `${rowWord}(${row},${key.join()})`
  })
  const names = table.key.map((_, i) => `NULL AS k${i}`)
  const source = `SELECT NULL AS i, ${names.join(", ")} WHERE FALSE UNION ALL VALUES ${lists.join()}`
  const isRow = keysEqual(table, (i) => `v.k${i}`)
  return connection.list(
    `SELECT ${columns.join(", ")} FROM (${source}) v JOIN ${table.path} t${whereClause(...isRow)}${locking}`,
    values.list,
  )
}

/** What is bound of a row. */
interface BoundRow {
  readonly key: PrimaryKey
  readonly newCells: readonly Cell[]
  readonly oldCells: readonly Cell[]
}

function rowOf(changes: Changes, row: number, hashed: boolean): BoundRow {
  const { batch } = changes
  const oldCells = batch.cells.map((column) => column[row] ?? null)
  return {
    key: batch.primaryKeyAt(row),
    newCells: batch.cells.map((_, i) => cellAfter(changes, i, row)),
    oldCells: hashed ? oldCells.map(hash) : oldCells,
  }
}

function placesOf({ key, newCells, oldCells }: BoundRow, values: Values): string {
  return `(${[...key, ...newCells, ...oldCells].map((value) => place(value, values)).join()})`
}

/**
 * Returns what stands for a value. Plain text stands for itself, as the driver would spell it: a
 * place for each value of a batch costs more than the values do.
 */
function place(value: unknown, values: Values): string {
  const bound = bindMysql(value)
  return typeof bound === "string" ? `'${bound}'` : values.add(bound)
}

function hasLongCell({ cells }: Batch, rows: readonly number[]): boolean {
  return cells.some((column) => rows.some((row) => (column[row]?.length ?? 0) > LONG_CELL))
}

/** A row that names the columns; a VALUES list alone would name them after its values. */
function namesOf({ key, columns }: BulkTable): string {
  const names = [
    ...key.map((_, i) => `NULL AS k${i}`),
    ...columns.map((_, i) => `NULL AS n${i}`),
    ...columns.map((_, i) => `NULL AS o${i}`),
  ]
  return `SELECT ${names.join(", ")} WHERE FALSE`
}

/** Set first, then where: values are bound in that order. */
function clausesOf(
  table: BulkTable,
  hashed: boolean,
  operands: Operands,
): { readonly set: string; readonly where: string } {
  const set = [
    ...table.columns.map((name, i) => `t.${escapeMysql(name)} = ${utf8(operands.newCell(i))}`),
    ...table.kept.map((name) => `t.${escapeMysql(name)} = t.${escapeMysql(name)}`),
  ]
  const isRow = operands.isRow()
  const guards = table.columns.map((name, i) => {
    const cell = utf8Bytes(`t.${escapeMysql(name)}`)
    const found = hashed ? utf8Bytes(`SHA2(${cell}, 256)`) : cell
    return `${found} <=> ${utf8Bytes(operands.oldCell(i))}`
  })
  return { set: set.join(", "), where: whereClause(...isRow, ...guards) }
}

function keysEqual({ key }: BulkTable, operand: (i: number) => string): readonly string[] {
  return key.map((column, i) => `${keyOrder(column)} = ${keyOperand(operand(i), column)}`)
}

function hash(cell: Cell): Cell {
  return cell === null ? null : createHash("sha256").update(cell, "utf8").digest("hex")
}

import { createHash } from "node:crypto"

import type { BulkTable, Cell } from "./dialect"
import { bindMysql, escapeMysql, keyOperand, keyOrder, utf8, utf8Bytes } from "./mysql-expressions"
import { Values, whereClause } from "./sql"
import type { ChangeLists } from "./value-batch"

/** How MySQL and MariaDB spell a row of a VALUES list. */
export type RowWord = "" | "ROW"

/** Cells longer than this are recognised by their hash: a packet has to hold old and new ones. */
const LONG_CELL = 1024

/** What the statement for one row and that for many have in place of a row's values. */
interface Operands {
  readonly key: (i: number) => string
  readonly newCell: (i: number) => string
  readonly oldCell: (i: number) => string
}

/**
 * Returns the statement that changes the rows from one position up to another. A row by itself is not
 * joined: MariaDB cuts bytes in a VALUES list off at 64 KiB.
 */
export function updateStatement(
  table: BulkTable,
  { keys, oldCells, newCells }: ChangeLists,
  [from, end]: readonly [from: number, end: number],
  rowWord: RowWord,
): [sql: string, values: readonly unknown[]] {
  const values = new Values(() => "?")
  const hashed = hasLongCell(oldCells, from, end)
  const keyPlace = (i: number, row: number): string => place(keys[i]?.[row], values)
  const newPlace = (i: number, row: number): string => place(newCells[i]?.[row], values)
  const oldPlace = (i: number, row: number): string => {
    const cell = oldCells[i]?.[row] ?? null
    return place(hashed ? hash(cell) : cell, values)
  }
  if (end - from === 1) {
    const clauses = clausesOf(table, hashed, {
      key: (i) => keyPlace(i, from),
      newCell: (i) => newPlace(i, from),
      oldCell: (i) => oldPlace(i, from),
    })
    return [`UPDATE ${table.path} t SET ${clauses.set}${clauses.where}`, values.list]
  }
  let lists = ""
  for (let row = from; row < end; row++) {
    const places = [
      ...keys.map((_, i) => keyPlace(i, row)),
      ...newCells.map((_, i) => newPlace(i, row)),
      ...oldCells.map((_, i) => oldPlace(i, row)),
    ]
    lists += `${row === from ? "" : ","}${rowWord}(${places.join()})`
  }
  const clauses = clausesOf(table, hashed, {
    key: (i) => `v.k${i}`,
    newCell: (i) => `v.n${i}`,
    oldCell: (i) => `v.o${i}`,
  })
  const source = `${namesOf(table)} UNION ALL VALUES ${lists}`
  return [
    `UPDATE ${table.path} t JOIN (${source}) v SET ${clauses.set}${clauses.where}`,
    values.list,
  ]
}

/**
 * Returns what stands for a value. Plain text stands for itself, as the driver would spell it: a
 * place for each value of a batch costs more than the values do.
 */
function place(value: unknown, values: Values): string {
  const bound = bindMysql(value)
  return typeof bound === "string" ? `'${bound}'` : values.add(bound)
}

function hasLongCell(columns: ChangeLists["oldCells"], from: number, end: number): boolean {
  for (const cells of columns) {
    for (let row = from; row < end; row++) if ((cells[row]?.length ?? 0) > LONG_CELL) return true
  }
  return false
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
  const keys = table.key.map(
    (column, i) => `${keyOrder(column)} = ${keyOperand(operands.key(i), column)}`,
  )
  const guards = table.columns.map((name, i) => {
    const cell = utf8Bytes(`t.${escapeMysql(name)}`)
    const found = hashed ? utf8Bytes(`SHA2(${cell}, 256)`) : cell
    return `${found} <=> ${utf8Bytes(operands.oldCell(i))}`
  })
  return { set: set.join(", "), where: whereClause(...keys, ...guards) }
}

function hash(cell: Cell): Cell {
  return cell === null ? null : createHash("sha256").update(cell, "utf8").digest("hex")
}

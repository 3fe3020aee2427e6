import { createHash } from "node:crypto"

import type { BulkTable, Cell, RowChange } from "./dialect"
import { bindMysql, escapeMysql, keyOperand, keyOrder, utf8, utf8Bytes } from "./mysql-expressions"
import { Values, whereClause } from "./sql"

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
 * Returns the statement that changes rows. A row by itself is not joined: MariaDB cuts bytes in a
 * VALUES list off at 64 KiB.
 */
export function updateStatement(
  table: BulkTable,
  changes: readonly RowChange[],
  rowWord: RowWord,
): [sql: string, values: readonly unknown[]] {
  const hashed = changes.some(({ cells }) => cells.some((cell) => (cell?.length ?? 0) > LONG_CELL))
  const rows = changes.map(({ key, cells, newCells }) => ({
    key: key.map(bindMysql),
    newCells: newCells.map(bindMysql),
    oldCells: cells.map((cell) => bindMysql(hashed ? hash(cell) : cell)),
  }))
  const values = new Values(() => "?")
  const [row] = rows
  if (row && rows.length === 1) {
    const clauses = clausesOf(table, hashed, {
      key: (i) => values.add(row.key[i]),
      newCell: (i) => values.add(row.newCells[i]),
      oldCell: (i) => values.add(row.oldCells[i]),
    })
    return [`UPDATE ${table.path} t SET ${clauses.set}${clauses.where}`, values.list]
  }
  const lists = rows.map(({ key, newCells, oldCells }) => {
    const places = [...key, ...newCells, ...oldCells].map((value) => values.add(value))
    return `${rowWord}(${places.join(", ")})`
  })
  const clauses = clausesOf(table, hashed, {
    key: (i) => `v.k${i}`,
    newCell: (i) => `v.n${i}`,
    oldCell: (i) => `v.o${i}`,
  })
  const source = `${namesOf(table)} UNION ALL VALUES ${lists.join(", ")}`
  return [
    `UPDATE ${table.path} t JOIN (${source}) v SET ${clauses.set}${clauses.where}`,
    values.list,
  ]
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

import type { Looking } from "./conversion"

/** Cells that are read at once to be shown to a codec. */
const READ_CELLS = 10_000

/**
 * Counts the cells of a query that a codec does not read, which would be left behind one by one if
 * they were found only when they are to be encrypted.
 *
 * @param cells - a SELECT of one column named `cell`, whose rows come in an order that stays
 */
export async function unreadCells(
  connection: Looking,
  cells: string,
  reads: (text: string) => boolean,
): Promise<number> {
  let unread = 0
  for (let offset = 0; ; offset += READ_CELLS) {
    const { rows } = await connection.query(`${cells} LIMIT ${READ_CELLS} OFFSET ${offset}`)
    unread += rows.filter(({ cell }) => !reads(String(cell))).length
    if (rows.length < READ_CELLS) return unread
  }
}

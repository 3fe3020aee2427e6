/** Characters of cells in one statement; a single row may have more. Servers bound packets. */
const MAX_STATEMENT_LENGTH = 4 * 2 ** 20

/**
 * Rows with more characters than this, which is less than 64 KiB in any encoding, are written by
 * themselves: a list of values may have a type that cuts them off.
 */
const LONGEST_IN_COMPANY = 16_000

/**
 * Returns how many rows, from one on, fit into a statement: at least one.
 *
 * @param lengthOf - the characters in old and new cells of a row
 * @param end - where rows end
 */
export function rowsThatFit(lengthOf: (row: number) => number, from: number, end: number): number {
  let length = 0
  let count = 0
  for (let row = from; row < end; row++) {
    const own = lengthOf(row)
    length += own
    const isTooMuch = length > MAX_STATEMENT_LENGTH || own > LONGEST_IN_COMPANY
    if (count > 0 && isTooMuch) break
    count++
    if (own > LONGEST_IN_COMPANY) break
  }
  return count
}

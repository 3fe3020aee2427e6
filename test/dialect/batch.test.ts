import { describe, expect, test } from "@jest/globals"

import { batchOf, cellAfter, changedRows } from "../../src/dialect/batch"

const batch = batchOf(
  [
    [1, 7, "a", null],
    [1, 8, "b", "n"],
    [2, 1, "c", null],
  ],
  2,
)

describe("batchOf", () => {
  test("holds cells column by column, and keys row by row", () => {
    expect(batch.size).toBe(3)
    expect(batch.cells).toEqual([
      ["a", "b", "c"],
      [null, "n", null],
    ])
    expect(batch.primaryKeyAt(1)).toEqual([1, 8])
  })

  test("has as many columns without rows", () => {
    expect(batchOf([], 2)).toMatchObject({ size: 0, cells: [[], []] })
  })

  test("turns what the driver returns into text", () => {
    const turned = batchOf([[1, Buffer.from("a")]], 1, (cell) => String(cell))

    expect(turned.cells).toEqual([["a"]])
  })
})

describe("changes", () => {
  const newCells = [[undefined, "B", undefined], [undefined, undefined, "N"], []]

  test("are of the rows with a new cell in any column", () => {
    expect(changedRows(3, newCells)).toEqual([1, 2])
  })

  test("are told from cells that stay, and from those that become NULL", () => {
    expect(cellAfter({ batch, newCells }, 0, 1)).toBe("B")
    expect(cellAfter({ batch, newCells }, 0, 2)).toBe("c")
    expect(cellAfter({ batch, newCells: [[null]] }, 0, 0)).toBeNull()
    expect(changedRows(1, [[null]])).toEqual([0])
  })
})

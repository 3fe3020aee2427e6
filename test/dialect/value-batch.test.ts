import { describe, expect, test } from "@jest/globals"

import type { BulkTable } from "../../src/dialect/dialect"
import {
  changedRows,
  changesIn,
  keyOf,
  listChanges,
  valueBatch,
} from "../../src/dialect/value-batch"

const table: BulkTable = {
  path: "patient",
  key: [
    { name: "clinic", type: "int" },
    { name: "id", type: "int" },
  ],
  columns: ["ssn", "note"],
  kept: [],
  where: undefined,
}
const rows = [
  [1, 7, "a", null],
  [1, 8, "b", "n"],
  [2, 1, "c", null],
]
const batch = valueBatch(table, rows)

describe("valueBatch", () => {
  test("holds keys and cells column by column", () => {
    expect(batch.size).toBe(3)
    expect(batch.keys).toEqual([
      [1, 1, 2],
      [7, 8, 1],
    ])
    expect(batch.cells).toEqual([
      ["a", "b", "c"],
      [null, "n", null],
    ])
    expect(batch.last).toEqual([2, 1])
  })

  test("gives its rows back one by one", () => {
    expect(batch.toRows()[1]).toEqual({ key: [1, 8], cells: ["b", "n"] })
  })

  test("has no last key without rows", () => {
    expect(valueBatch(table, []).last).toBeUndefined()
  })

  test("turns what the driver returns into keys and text", () => {
    const turned = valueBatch(
      table,
      [[1, 2, Buffer.from("a"), null]],
      (value, column) => `${column}:${String(value)}`,
      (cell) => (cell as Buffer | null)?.toString() ?? null,
    )

    expect(turned.toRows()).toEqual([{ key: ["0:1", "1:2"], cells: ["a", null] }])
  })
})

describe("changesIn", () => {
  const newCells = [
    [undefined, "B", undefined],
    [undefined, undefined, "N"],
  ]

  test("takes the rows with a new cell in any column", () => {
    expect(changedRows(batch, newCells)).toEqual([1, 2])
  })

  test("keeps the cells that stay as they are", () => {
    const changes = changesIn(batch, newCells)

    expect(changes.oldCells).toEqual([
      ["b", "c"],
      ["n", null],
    ])
    expect(changes.newCells).toEqual([
      ["B", "c"],
      ["n", "N"],
    ])
    expect(keyOf(changes, 1)).toEqual([2, 1])
  })

  test("lists rows as it would in a batch", () => {
    const changes = [
      { key: [1, 8], cells: ["b", "n"], newCells: ["B", "n"] },
      { key: [2, 1], cells: ["c", null], newCells: ["c", "N"] },
    ]

    expect(listChanges(table, changes)).toEqual(changesIn(batch, newCells))
  })
})

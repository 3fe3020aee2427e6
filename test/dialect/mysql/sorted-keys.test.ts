import { describe, expect, test } from "@jest/globals"

import type { Changes } from "../../../src/dialect/batch"
import type { BulkTable, KeyColumn } from "../../../src/dialect/dialect"
import { atKey, sortedKeys } from "../../../src/dialect/mysql/sorted-keys"

function table(...types: string[]): BulkTable {
  const key = types.map((type, i): KeyColumn => ({ name: `k${i}`, type }))
  return { key } as unknown as BulkTable
}

function changes(keys: readonly unknown[], rows = [...keys.keys()]): Changes {
  const batch = { size: keys.length, cells: [], primaryKeyAt: (row: number) => [keys[row]] }
  return { batch, rows, newCells: [] }
}

describe("the keys of rows that are changed without a join", () => {
  test.each([
    ["int(11)", ["-2", "7", "10"]],
    ["bigint(20) unsigned", ["9007199254740992", "9007199254740993", "18446744073709551615"]],
    ["tinyint(4)", [1, 2]],
    ["int(5) unsigned zerofill", ["00009", "00010"]],
  ])("are integers in their order: %s", (type, keys) => {
    expect(sortedKeys(table(type), changes(keys))).toEqual(keys.map(String))
  })

  test("are those of the rows that are changed", () => {
    expect(sortedKeys(table("int"), changes(["1", "2", "3"], [0, 2]))).toEqual(["1", "3"])
  })

  test.each<[kind: string, types: string[], keys: unknown[]]>([
    ["text", ["varchar(9)"], ["1", "2"]],
    ["decimals", ["decimal(9,2)"], ["1", "2"]],
    ["points", ["point"], ["1", "2"]],
    ["of two columns", ["int", "int"], ["1", "2"]],
    ["of no column", [], ["1", "2"]],
    ["in another order", ["int"], ["10", "9"]],
    ["doubled", ["bigint"], ["9007199254740993", "9007199254740993"]],
    ["not as they should be", ["int"], ["1", "2 OR 1"]],
  ])("are none of those that are %s", (_kind, types, keys) => {
    expect(sortedKeys(table(...types), changes(keys))).toBeUndefined()
  })

  test("are not more than a list may have", () => {
    const keys = Array.from({ length: 10_001 }, (_, i) => i)

    expect(sortedKeys(table("int"), changes(keys))).toBeUndefined()
    expect(sortedKeys(table("int"), changes(keys.slice(1)))).toHaveLength(10_000)
  })
})

test("what is listed for a key is found by its place among the others", () => {
  expect(atKey("t.`id`", ["1", "7"], ["'a'", "NULL"])).toBe("ELT(INTERVAL(t.`id`, 1,7), 'a',NULL)")
})

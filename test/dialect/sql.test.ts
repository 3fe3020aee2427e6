import { describe, expect, test } from "@jest/globals"

import type { BulkTable } from "../../src/dialect/dialect"
import { filterCondition, SHORTEST_TOKEN, Values, whereClause } from "../../src/dialect/sql"
import { keyring } from "../support/keys"

const table: BulkTable = {
  path: "patient",
  key: [{ name: "id", type: "int" }],
  columns: ["ssn", "note"],
  kept: [],
  where: undefined,
}

describe("filterCondition", () => {
  const isToken = (column: string): string => `is_token(${column})`

  test("passes all rows without a condition", () => {
    expect(filterCondition(table, "all", isToken)).toBeUndefined()
  })

  test("passes rows with a cell of the wanted kind in any column", () => {
    expect(filterCondition(table, "has-tokens", isToken)).toBe(
      "(is_token(ssn)) OR (is_token(note))",
    )
    expect(filterCondition(table, "has-plaintext", isToken)).toBe(
      "NOT (is_token(ssn)) OR NOT (is_token(note))",
    )
  })
})

describe("whereClause", () => {
  test("keeps conditions apart", () => {
    expect(whereClause("a OR b", undefined, "c")).toBe(" WHERE (a OR b) AND (c)")
  })

  test("is empty without conditions", () => {
    expect(whereClause(undefined)).toBe("")
  })
})

describe("Values", () => {
  test("gives out places in order", () => {
    const values = new Values((position) => `$${position}`)

    expect([values.add("a"), values.add(null)]).toEqual(["$1", "$2"])
    expect(values.list).toEqual(["a", null])
  })
})

describe("SHORTEST_TOKEN", () => {
  test("is the length of the token of nothing", () => {
    expect(keyring.encrypt("")).toHaveLength(SHORTEST_TOKEN)
  })
})

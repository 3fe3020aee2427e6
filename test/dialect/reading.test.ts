import { describe, expect, test } from "@jest/globals"

import type { BulkTable } from "../../src/dialect/dialect"
import { filterCondition } from "../../src/dialect/reading"

const table: BulkTable = {
  path: "patient",
  key: [{ name: "id", type: "int" }],
  columns: ["ssn", "note"],
  kept: [],
  where: undefined,
}

describe("filterCondition", () => {
  const spelling = {
    isToken: (cell: string): string => `is_token(${cell})`,
    hasTokens: (cell: string): string => `has_tokens(${cell})`,
    escape: (column: string): string => column,
  }

  test("passes all rows without a condition", () => {
    expect(filterCondition(table, "all", spelling)).toBeUndefined()
  })

  test("passes documents that may have tokens, and all of them where plaintext is sought", () => {
    const documents = { ...table, documents: { note: "jsonb" } }

    expect(filterCondition(documents, "has-tokens", spelling)).toBe(
      "is_token(t.ssn) OR has_tokens(t.note)",
    )
    expect(filterCondition(documents, "has-plaintext", spelling)).toBe(
      "(NOT is_token(t.ssn)) OR (t.note IS NOT NULL)",
    )
  })

  test("passes rows with a cell of the wanted kind in any column", () => {
    expect(filterCondition(table, "has-tokens", spelling)).toBe(
      "is_token(t.ssn) OR is_token(t.note)",
    )
    expect(filterCondition(table, "has-plaintext", spelling)).toBe(
      "(NOT is_token(t.ssn)) OR (NOT is_token(t.note))",
    )
  })

  test("passes rows whose companion cells are missing along with plaintext", () => {
    const indexed: BulkTable = {
      ...table,
      columns: ["ssn", "ssn_bidx"],
      companions: [{ name: "ssn_bidx", sources: ["ssn"] }],
    }

    expect(filterCondition(indexed, "has-tokens", spelling)).toBe("is_token(t.ssn)")
    expect(filterCondition(indexed, "has-plaintext", spelling)).toBe(
      "(NOT is_token(t.ssn)) OR (t.ssn_bidx IS NULL AND t.ssn IS NOT NULL)",
    )
    expect(filterCondition(indexed, "unindexed", spelling)).toBe(
      "(t.ssn_bidx IS NULL AND t.ssn IS NOT NULL)",
    )
  })
})

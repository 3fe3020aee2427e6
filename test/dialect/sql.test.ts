import { describe, expect, test } from "@jest/globals"

import type { BulkTable } from "../../src/dialect/dialect"
import {
  constraintName,
  filterCondition,
  hashedName,
  Values,
  whereClause,
} from "../../src/dialect/sql"

const table: BulkTable = {
  path: "patient",
  key: [{ name: "id", type: "int" }],
  columns: ["ssn", "note"],
  kept: [],
  where: undefined,
}

describe("filterCondition", () => {
  const isToken = (column: string): string => `is_token(${column})`
  const cell = (column: string): string => `t.${column}`

  test("passes all rows without a condition", () => {
    expect(filterCondition(table, "all", isToken, cell)).toBeUndefined()
  })

  test("passes rows with a cell of the wanted kind in any column", () => {
    expect(filterCondition(table, "has-tokens", isToken, cell)).toBe(
      "(is_token(ssn)) OR (is_token(note))",
    )
    expect(filterCondition(table, "has-plaintext", isToken, cell)).toBe(
      "(NOT (is_token(ssn))) OR (NOT (is_token(note)))",
    )
  })

  test("passes rows whose companion cells are missing along with plaintext", () => {
    const indexed: BulkTable = {
      ...table,
      columns: ["ssn", "ssn_bidx"],
      companions: [{ name: "ssn_bidx", sources: ["ssn"] }],
    }

    expect(filterCondition(indexed, "has-tokens", isToken, cell)).toBe("(is_token(ssn))")
    expect(filterCondition(indexed, "has-plaintext", isToken, cell)).toBe(
      "(NOT (is_token(ssn))) OR (t.ssn_bidx IS NULL AND t.ssn IS NOT NULL)",
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

describe("hashedName", () => {
  test("keeps apart what begins alike, within a limit in bytes", () => {
    const long = "ü".repeat(40)
    const names = ["a", "b"].map((end) => hashedName([long, end], "_is_token", 63))

    expect(new Set(names).size).toBe(2)
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
      expect(name).toMatch(/^ü+_[0-9a-f]{8}_is_token$/)
    }
  })

  test("cuts no character in two", () => {
    for (let length = 40; length < 60; length++) {
      expect(hashedName(["🔒".repeat(9)], "_x", length).isWellFormed()).toBe(true)
    }
  })

  test("keeps tables and columns apart that read alike", () => {
    expect(constraintName("a_b", "c", 63)).not.toBe(constraintName("a", "b_c", 63))
  })
})

import { describe, expect, test } from "@jest/globals"

import { constraintName, hashedName, Values, whereClause } from "../../src/dialect/sql"

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

import { describe, expect, test } from "@jest/globals"

import { companionProperty, defineIndex, digitsOf } from "../../src/search/blind-index-definition"

const users = { schema: undefined, table: "users", columns: ["email"] }
const names = { schema: "clinic", table: "patients", columns: ["first_name", "last_name"] }

describe("the definition of a blind index", () => {
  test("fills in what its declaration leaves open", () => {
    expect(defineIndex({}, users)).toEqual({
      name: "email_bidx",
      context: "users/email/email_bidx",
      normalize: [],
      bits: 128,
      unique: false,
    })
  })

  test("has the schema in its context where there is one", () => {
    const { context } = defineIndex({}, { ...users, schema: "clinic" })

    expect(context).toBe("clinic/users/email/email_bidx")
    expect(defineIndex({}, { ...users, schema: "" }).context).toBe("users/email/email_bidx")
  })

  test("names all columns of an index over several", () => {
    expect(defineIndex({}, names)).toMatchObject({
      name: "first_name_last_name_bidx",
      context: "clinic/patients/first_name,last_name/first_name_last_name_bidx",
    })
  })

  test("keeps what is declared", () => {
    const options = { name: "by_mail", context: "old", bits: 13, unique: true }

    expect(defineIndex({ ...options, normalize: "trim" }, names)).toEqual({
      ...options,
      normalize: ["trim"],
    })
    expect(defineIndex({ normalize: String }, users).normalize).toEqual([String])
    expect(defineIndex({ name: "by_mail" }, users).context).toBe("users/email/by_mail")
    expect(defineIndex({ normalize: ["trim", "nfkc"] }, users).normalize).toEqual(["trim", "nfkc"])
  })

  test.each([
    [1, 1],
    [13, 4],
    [128, 32],
    [256, 64],
  ])("writes %i bits in %i digits", (bits, digits) => {
    expect(digitsOf({ bits })).toBe(digits)
  })

  test("has a property that a statement can name", () => {
    expect(companionProperty("The Index-2")).toBe("The_Index_2")
    expect(companionProperty("größe_bidx")).toBe("größe_bidx")
  })
})

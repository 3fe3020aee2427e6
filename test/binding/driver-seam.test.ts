import { describe, expect, test } from "@jest/globals"

import { encryptedColumn } from "../../src"
import { comparisonOperand, operandMark } from "../../src/binding/columns/comparison-operand"
import { keyring } from "../support/keys"
import { boundSource } from "./memory-source"
import { schema } from "./schema"

const Patient = schema("patient", {
  ssn: encryptedColumn({ name: "social_no" }),
  info: encryptedColumn({ nullable: true }),
  name: { type: String },
})

async function bound() {
  const source = await boundSource([Patient])
  return { driver: source.driver, metadata: source.getMetadata(Patient) }
}

describe("what a driver returns for a write", () => {
  test("is decrypted where it is a row", async () => {
    const { driver, metadata } = await bound()
    const row = { id: 7, social_no: keyring.encrypt("078-05-1120"), info: null, name: "Ada" }

    const map = driver.createGeneratedMap(metadata, row, 0, 1)

    expect(map).toMatchObject({ ssn: "078-05-1120", info: null })
    expect(JSON.stringify(map)).not.toContain("gAAAAA")
  })

  test("is refused where a cell cannot be read", async () => {
    const { driver, metadata } = await bound()

    expect(() => {
      driver.createGeneratedMap(metadata, { social_no: "plain" }, 0, 1)
    }).toThrow("patient.ssn cannot be decrypted")
  })

  test.each([
    ["MySQL's report", { fieldCount: 0, affectedRows: 1, insertId: 7, serverStatus: 2, info: "" }],
    ["a number", 7],
    ["nothing", undefined],
  ])("is left alone where it is %s", async (_kind, report) => {
    const { driver, metadata } = await bound()

    expect(() => {
      driver.createGeneratedMap(metadata, report, 0, 1)
    }).not.toThrow()
  })
})

describe("a statement that holds an operand", () => {
  const operand = comparisonOperand(operandMark("patient.ssn"), "078-05-1120")

  test.each<[where: string, sql: string, parameters: Record<string, unknown>]>([
    ["among its parameters", "SELECT :a, :b", { a: 1, b: operand }],
    ["in a list of them", "SELECT :...b", { b: ["x", operand] }],
    ["in a list within a list", "SELECT :b", { b: [["x", [operand]]] }],
    ["in its text", `SELECT '${operand}'`, {}],
  ])("%s is refused", async (_where, sql, parameters) => {
    const { driver } = await bound()

    expect(() => driver.escapeQueryWithParameters(sql, parameters)).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED_QUERY", property: "patient.ssn" }),
    )
  })

  test("is let through without it", async () => {
    const { driver } = await bound()

    expect(driver.escapeQueryWithParameters("SELECT :a", { a: "x" })).toEqual(["SELECT ?", ["x"]])
  })
})

import { hash } from "node:crypto"

import { describe, expect, jest, test } from "@jest/globals"
import fc from "fast-check"

import {
  comparisonOperand,
  operandMark,
  propertyOfOperand,
} from "../../../src/binding/columns/comparison-operand"

const mark = operandMark("Patient.ssn")

describe("a comparison operand", () => {
  test("is equal for equal plaintexts, text or bytes", () => {
    const bytes = Buffer.from("Zoë")

    expect(comparisonOperand(mark, "Zoë")).toBe(comparisonOperand(mark, bytes))
    expect(comparisonOperand(mark, new Uint8Array(bytes))).toBe(comparisonOperand(mark, bytes))
  })

  test("differs for different plaintexts", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(comparisonOperand(mark, a) === comparisonOperand(mark, b)).toBe(a === b)
      }),
    )
  })

  test("of no plaintext equals no other", () => {
    expect(comparisonOperand(mark, undefined)).not.toBe(comparisonOperand(mark, undefined))
    expect(comparisonOperand(mark, undefined)).not.toBe(comparisonOperand(mark, ""))
  })

  test("shows neither the plaintext nor a plain hash of it", () => {
    const operand = comparisonOperand(mark, "078-05-1120")

    expect(operand).not.toContain("078-05")
    expect(operand).not.toContain(hash("sha256", "078-05-1120"))
    expect(operand).toMatch(/^typeorm-fernet:operand:[0-9a-f]{32}:[0-9a-f]{64}:[\w-]+$/)
  })

  test("has a digest that no other process makes of the same plaintext", () => {
    const digestIn = (module: { readonly comparisonOperand: typeof comparisonOperand }): string =>
      module.comparisonOperand(mark, "078-05-1120").split(":")[3] ?? ""
    const others = [0, 1].map(() => {
      let digest = ""
      jest.isolateModules(() => {
        digest = digestIn(jest.requireActual("../../../src/binding/columns/comparison-operand"))
      })
      return digest
    })

    const digests = [digestIn({ comparisonOperand }), ...others]

    expect(new Set(digests).size).toBe(3)
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  test.each(["Patient.ssn", "Patient.contact.phone", "Größe.Wert", "A.b c:d"])(
    "names its column, %s",
    (property) => {
      for (const plaintext of ["x", undefined]) {
        const operand = comparisonOperand(operandMark(property), plaintext)

        expect(propertyOfOperand(operand)).toBe(property)
        expect(propertyOfOperand(`SELECT '${operand}', 'x'`)).toBe(property)
      }
    },
  )

  test("cannot be forged by a value that looks like one", () => {
    expect(propertyOfOperand("typeorm-fernet:operand:0:0:0")).toBeUndefined()
    expect(propertyOfOperand("")).toBeUndefined()
  })
})

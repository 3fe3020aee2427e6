import { describe, expect, test } from "@jest/globals"
import { Equal, IsNull, Not } from "typeorm"

import { BoundColumn, boundColumn } from "../../../src/binding/columns/bound-column"
import type { ColumnScheme } from "../../../src/binding/columns/column-scheme"
import { Keys } from "../../../src/binding/keys/keys"
import { propertyOfOperand } from "../../../src/binding/columns/comparison-operand"
import { Keyring } from "../../../src"
import { refusal } from "../../column/plaintext-of"
import { keyring, keys } from "../../support/keys"

function column(scheme: Partial<ColumnScheme> = {}): BoundColumn {
  const plain = { declaration: {}, phase: "reject" as const, tokenLimit: undefined }
  return new BoundColumn(
    { property: "Patient.ssn", ...plain, ...scheme },
    new Keys(() => keyring, true),
  )
}

const DAY = 24 * 60 * 60
const now = Math.floor(Date.now() / 1000)
const token = keyring.encrypt("078-05-1120")
const tampered = `${token.slice(0, -6)}${token.at(-6) === "A" ? "B" : "A"}${token.slice(-5)}`
const foreign = new Keyring([keys.second]).encrypt("078-05-1120")

describe("an encrypted column's cell", () => {
  test.each([null, undefined])("of %p is %p both ways", (value) => {
    expect(column().encrypt(value)).toBe(value)
    expect(column().from(value)).toBe(value)
    expect(column().to(value)).toBe(value)
  })

  test("is another token each time, and opens to the value", () => {
    const ssn = column()
    const cells = [ssn.encrypt("078"), ssn.encrypt("078")]

    expect(new Set(cells).size).toBe(2)
    expect(cells.map((cell) => ssn.from(cell))).toEqual(["078", "078"])
  })

  test.each<[kind: string, cell: unknown, reason: string]>([
    ["altered", tampered, "unknown-key"],
    ["under another key", foreign, "unknown-key"],
    ["truncated", token.slice(0, -1), "malformed"],
    ["no text", Buffer.from(token), "malformed"],
    ["a number", 7, "malformed"],
    ["bytes that are no UTF-8", keyring.encrypt(new Uint8Array([255])), "malformed"],
    ["plaintext", "078-05-1120", "plaintext"],
    ["empty", "", "plaintext"],
  ])("that is %s cannot be read", (_kind, cell, reason) => {
    for (const declaration of [{}, { ttl: 60 }]) {
      expect(() => column({ declaration }).from(cell)).toThrow(
        expect.objectContaining({ property: "Patient.ssn", reason }),
      )
    }
  })

  test("that is unreadable stays so where plaintext is allowed", () => {
    const ssn = column({ phase: "allow" })

    expect(ssn.from("078-05-1120")).toBe("078-05-1120")
    for (const cell of [tampered, foreign, token.slice(0, -1)]) {
      expect(() => ssn.from(cell)).toThrow("cannot be decrypted")
    }
  })

  test.each([
    [now - DAY / 2, undefined],
    [now - DAY * 2, "expired"],
    [now + 50, undefined],
    [now + 3600, "expired"],
  ])("written at %i under a ttl of a day fails with %p", (time, reason) => {
    const read = () => column({ declaration: { ttl: DAY } }).from(keyring.encryptAtTime("1", time))

    if (reason === undefined) expect(read()).toBe("1")
    else expect(read).toThrow(expect.objectContaining({ reason }))
  })

  test("of a codec's plaintext that it cannot read says what was expected", () => {
    const pin = column({ declaration: { codec: "number" }, phase: "allow" })

    expect(refusal(() => pin.from(keyring.encrypt("abc")))).toBe(
      "Patient.ssn cannot be decrypted: the stored value was decrypted, but its codec expected a " +
        "number in decimal.",
    )
    expect(() => pin.from("abc")).toThrow(expect.objectContaining({ reason: "plaintext" }))
  })

  test("of legacy plaintext may be bytes", () => {
    const photo = column({ declaration: { codec: "bytes" }, phase: "allow" })

    expect(photo.from("Zoë")).toEqual(Buffer.from("Zoë"))
  })
})

describe("a value to encrypt", () => {
  test("may be anything but a token under one of our own keys", () => {
    const ssn = column()

    expect(() => ssn.encrypt(token)).toThrow(
      expect.objectContaining({ code: "ERR_ALREADY_ENCRYPTED" }),
    )
    for (const value of [foreign, tampered, `${token} `, "gAAAAA"]) {
      expect(ssn.from(ssn.encrypt(value))).toBe(value)
    }
  })

  test("cannot be a find operator", () => {
    expect(refusal(() => column().encrypt(Equal("078")))).toBe(
      "Patient.ssn: a find operator is not a value.",
    )
  })
})

describe("a value to compare", () => {
  test("is an operand that names the column, equal for equal values", () => {
    const history = column({ declaration: { codec: "json" } })

    expect(history.to({ a: 1, b: 2 })).toBe(history.to({ b: 2, a: 1 }))
    expect(history.to({ a: 1 })).not.toBe(history.to({ a: 2 }))
    expect(propertyOfOperand(history.to("x") as string)).toBe("Patient.ssn")
  })

  test("that the codec refuses equals nothing", () => {
    expect(column().to(7)).not.toBe(column().to(7))
  })

  test("may be an operator only if ciphertext answers it", () => {
    const operator = Not(IsNull())

    expect(column().to(operator)).toBe(operator)
    expect(() => column().to(Not("078"))).toThrow("Only IsNull() and Not(IsNull())")
  })
})

describe("boundColumn", () => {
  test("recognises a bound column, also of a second copy of the package", () => {
    const transformer = column()
    const copy = { "@typeorm-fernet/bound": true, to: String, from: String }

    expect(boundColumn({ transformer })).toBe(transformer)
    expect(boundColumn({ transformer: copy })).toBe(copy)
    expect(boundColumn({})).toBeUndefined()
    expect(boundColumn({ transformer: [transformer] })).toBeUndefined()
  })
})

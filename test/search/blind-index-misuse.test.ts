import { describe, expect, test } from "@jest/globals"

import { blindIndexMisuse } from "../../src/search/blind-index-misuse"

const context = "users/email/email_bidx"

describe("what is wrong with options of a blind index", () => {
  test("is nothing where only the context is given, and it is good", () => {
    expect([...blindIndexMisuse({ context })]).toEqual([])
    expect([...blindIndexMisuse({ context: "x".repeat(994) })]).toEqual([])
  })

  test.each([undefined, 1, "", "\ud800", "x".repeat(995), "é".repeat(498)])(
    "is the context %#",
    (context) => {
      expect([...blindIndexMisuse({ context })]).toEqual([
        "has a context that is not a well-formed string of 1 to 994 bytes",
      ])
    },
  )

  test.each([0, -1, 1.5, 257, Infinity, NaN, "128", null, 128n])("are the bits %p", (bits) => {
    expect([...blindIndexMisuse({ context, bits })]).toEqual([
      "has bits that are not a whole number from 1 to 256",
    ])
  })

  test.each([1, 128, 256])("are not the bits %i", (bits) => {
    expect([...blindIndexMisuse({ context, bits })]).toEqual([])
  })

  test.each(["Trim", ["trim", "x"], null, [undefined], Object.assign([], { length: 1 })])(
    "is the normalizer %p",
    (normalize) => {
      expect([...blindIndexMisuse({ context, normalize })]).toEqual([
        expect.stringMatching(/^has an unknown normalizer; use .*trim.*, functions, or a list/),
      ])
    },
  )

  test.each(["trim", ["trim", String], []])("is not the normalizer %p", (normalize) => {
    expect([...blindIndexMisuse({ context, normalize })]).toEqual([])
  })
})

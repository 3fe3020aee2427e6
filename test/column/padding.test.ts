import { describe, expect, test } from "@jest/globals"
import * as fc from "fast-check"

import { isPaddingSize, Padding } from "../../src/column/padding"

const size = fc.integer({ min: 1, max: 300 })
const text = fc.string({ unit: "binary" })
const bytes = fc.uint8Array({ maxLength: 400 })

describe("padding", () => {
  test.each([
    ["", 4, "80000000"],
    ["abc", 4, "61626380"],
    ["abcd", 4, "6162636480000000"],
    ["a\0", 4, "61008000"],
  ])("of the text %p to multiples of %i bytes is a mark and zeros", (plaintext, multiple, hex) => {
    const padding = new Padding(multiple, true)

    expect(Buffer.from(padding.pad(plaintext)).toString("hex")).toBe(hex)
    expect(padding.lengthOf(Buffer.byteLength(plaintext))).toBe(hex.length / 2)
  })

  test("of bytes has a mark that says what it is", () => {
    const padded = new Padding(24, false).pad(Uint8Array.of(0x80, 0))

    expect(Buffer.from(padded).toString("hex")).toBe(
      "8000" + "636576daab24be93ac202d87afded427" + "000000000000",
    )
  })

  test("is taken off again, and off nothing that has none, of text", () => {
    fc.assert(
      fc.property(text, size, (plaintext, multiple) => {
        const padding = new Padding(multiple, true)
        const padded = padding.pad(plaintext)

        expect(padded.length % multiple).toBe(0)
        expect(padding.read(padded)).toBe(plaintext)
        expect(padding.read(Buffer.from(plaintext))).toBe(plaintext)
        expect([padding.pads(padded), padding.pads(Buffer.from(plaintext))]).toEqual([false, true])
      }),
    )
  })

  test("is taken off again, and off nothing that has none, of bytes", () => {
    const endings = fc.constantFrom([], [0x80], [0x80, 0], [0, 0])
    fc.assert(
      fc.property(bytes, endings, size, (start, end, multiple) => {
        const padding = new Padding(multiple, false)
        const plaintext = Uint8Array.of(...start, ...end)

        expect(padding.read(padding.pad(plaintext))).toEqual(plaintext)
        expect(padding.read(plaintext)).toEqual(plaintext)
        expect(padding.read(padding.pad(padding.pad(plaintext)))).toEqual(
          Uint8Array.from(padding.pad(plaintext)),
        )
      }),
    )
  })

  test("makes texts of one size out of those that are shorter", () => {
    const padding = new Padding(64, true)
    const lengths = ["", "a", "x".repeat(63)].map((one) => padding.pad(one).length)

    expect(lengths).toEqual([64, 64, 64])
  })

  test.each([["c3"], ["80ff"], ["8080"]])("of no text, as %s, is no text", (hex) => {
    expect(() => new Padding(4, true).read(Buffer.from(hex, "hex"))).toThrow("token is invalid")
  })

  test.each([0, -1, 1.5, 65_537, "64", Number.NaN])("is not to %p bytes", (multiple) => {
    expect(isPaddingSize(multiple)).toBe(false)
  })
})

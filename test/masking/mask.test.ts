import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { mask, Sealed } from "../../src"

describe("mask", () => {
  test.each([
    ["4242424242424242", "****4242"],
    ["078-05-1120", "****1120"],
    [4242424242424242n, "****4242"],
    [12345678901, "****8901"],
  ])("shows the end of %p", (value, masked) => {
    expect(mask(value)).toBe(masked)
  })

  test("shows as much as it is told to, and two fifths at most", () => {
    expect(mask("4242424242424242", { visible: 2 })).toBe("****42")
    expect(mask("0123456789", { visible: 9 })).toBe("****6789")
    expect(mask("01234567", { visible: 4 })).toBe("****567")
    expect(mask("4242424242424242", { visible: 0 })).toBe("****")
  })

  test("shows nothing of short values, and nothing of how long a value is", () => {
    for (const value of ["", "yes", "1234567", 4711, 12n, "x".repeat(2000)]) {
      expect(mask(value)).toBe("****")
    }
    expect(mask("a-longer-text-1120")).toHaveLength(mask("078-05-1120").length)
  })

  test.each([
    ["alice@example.com", "a****@****.com"],
    ["bob@corp.com", "****@****.com"],
    ["me@alice-smith.photography", "****@****"],
    ["p@ss.word", "****@****"],
    ["a@b.c", "****"],
    ["alice@example.com and bob@example.com", "****.com"],
  ])("shows of an e-mail address what does not tell it: %s", (address, masked) => {
    expect(mask(address)).toBe(masked)
  })

  test("cuts no character in two", () => {
    expect(mask("secret-👩‍👩‍👧‍👦🇩🇪é", { visible: 3 })).toBe("****👩‍👩‍👧‍👦🇩🇪é")
    expect(mask("密碼密碼密碼密碼密碼")).toBe("****碼密碼".replace("碼密碼", "密碼密碼"))
    expect(mask("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦")).toBe("****")
    expect(mask(`${"x".repeat(20)}\ud800`)).toBe("****")
  })

  test("shows nothing that would break a line or turn it around", () => {
    expect(mask("a-long-secret\n2")).toBe("****")
    expect(mask("a-long-secret\u202e2")).toBe("****")
  })

  test("shows nothing of dates, booleans, bytes, collections and functions", () => {
    const hidden = [
      new Date(0),
      true,
      Buffer.from("a long secret"),
      new Uint8Array(20),
      new Map([["secret", "secret"]]),
      new Set(["a long secret"]),
      new Error("a long secret"),
      () => "a long secret",
      Symbol("a long secret"),
      Promise.resolve("a long secret"),
    ]

    expect(mask(hidden)).toEqual(hidden.map(() => "****"))
  })

  test("leaves null and undefined, and keeps the form of objects and lists", () => {
    expect(mask(null)).toBeNull()
    expect(mask(undefined)).toBeUndefined()
    expect(
      mask({ ssn: "078-05-1120", pin: 1234, cards: [{ number: "4242424242424242" }, null] }),
    ).toEqual({ ssn: "****1120", pin: "****", cards: [{ number: "****4242" }, null] })
  })

  test("leaves a sealed value sealed", () => {
    expect(mask({ apiKey: Sealed.of("a-long-secret-1120") })).toEqual({ apiKey: "[sealed]" })
  })

  test("reads no getter, and comes to an end with objects inside of themselves", () => {
    const patient = {
      ssn: "078-05-1120",
      get visits(): never {
        throw new Error("loaded")
      },
    }
    const circular: { self?: unknown; list: unknown[] } = { list: [] }
    circular.self = circular
    circular.list.push(circular.list)

    expect(mask(patient)).toEqual({ ssn: "****1120", visits: "****" })
    expect(mask(circular)).toEqual({ self: "****", list: ["****"] })
    let deep: unknown = "078-05-1120"
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(JSON.stringify(mask(deep))).not.toContain("1120")
  })

  test("refuses an option that it does not know, or that makes no sense", () => {
    expect(() => mask("x", { visable: 4 } as object)).toThrow(/did you mean visible\?/)
    for (const visible of [-1, 1.5, NaN, "4" as never]) {
      expect(() => mask("x", { visible })).toThrow(RangeError)
    }
  })

  test("never shows more than two fifths of the characters of a text", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), email)

    fc.assert(
      fc.property(text, fc.nat(20), (value, visible) => {
        const shown = mask(value, { visible })

        const letters = [...new Intl.Segmenter("en").segment(value)].length
        // The first letter of an address may be an asterisk
        const hidden = shown.includes("****@****") ? "****@****" : "****"
        const left = [...new Intl.Segmenter("en").segment(shown.replace(hidden, ""))].length
        expect(left).toBeLessThanOrEqual((2 * letters) / 5)
      }),
      { numRuns: 2000, examples: [["*aa.a@a.aa", 1]] },
    )
  })
})

const email = fc.emailAddress()

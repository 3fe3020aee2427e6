import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { BlindIndexRefusal } from "../../src/search/blind-index-refusal"
import type { Normalizer } from "../../src/column/blind-index"
import { isNormalizer, normalizerNames, toTextFunction } from "../../src/search/normalize"

const text = fc.string({ unit: "binary", maxLength: 30 })

describe("normalizers", () => {
  test.each<[name: Normalizer, before: string, after: string]>([
    ["trim", "\ufeff\t alice bob\u00a0\r\n", "alice bob"],
    ["lowercase", "ÅSA Müller", "åsa müller"],
    ["lowercase", "STRAẞE", "straße"],
    ["lowercase", "İIı", "i\u0307iı"],
    ["lowercase", "ΟΔΟΣ", "οδος"],
    ["uppercase", "straße", "STRASSE"],
    ["uppercase", "iı", "II"],
    ["nfkc", "Ａｌｉｃｅ ﬁ ²", "Alice fi 2"],
    ["nfkc", "A\u030asa", "\u00c5sa"],
    ["digits", "+49 (0) 30/123-45", "4903012345"],
    ["digits", "٠١٢ ४५ ７𝟖𝟿", "01245789"],
    ["digits", "n/a ²①五", ""],
  ])("%s turns %j into %j", (name, before, after) => {
    expect(toTextFunction(name)(before)).toBe(after)
  })

  test.each(normalizerNames)("%s changes nothing that it has normalized", (name) => {
    const normalize = toTextFunction(name as Normalizer)

    fc.assert(
      fc.property(text, (before) => {
        const once = normalize(before)
        expect(normalize(once)).toBe(once)
      }),
      { numRuns: 1000 },
    )
  })

  test("digits reads the decimal digits of every script that Intl writes", () => {
    const digits = toTextFunction("digits")
    const systems = Intl.supportedValuesOf("numberingSystem").filter((numberingSystem) =>
      /^\p{Nd}+$/u.test(written(numberingSystem)),
    )

    expect(systems.length).toBeGreaterThan(50)
    expect(systems.map((system) => digits(written(system)))).toEqual(
      systems.map(() => "9876543210"),
    )
  })

  test("are applied in the order given", () => {
    const exclaim = (before: string): string => `${before} !\n`

    expect(toTextFunction([exclaim, "trim", "uppercase"])(" a")).toBe("A !")
    expect(toTextFunction(["trim", exclaim])(" a")).toBe("a !\n")
    expect(toTextFunction([])(" a")).toBe(" a")
  })

  test("that are functions work without a list", () => {
    expect(toTextFunction((before) => before.slice(1))("abc")).toBe("bc")
  })
})

describe("a function that normalizes badly", () => {
  test.each<[what: string, normalizer: (secret: string) => unknown, message: string]>([
    [
      "throws",
      (secret) => {
        throw new Error(secret)
      },
      "normalizer 2 of 2 threw an error",
    ],
    [
      "returns nothing",
      () => undefined,
      "normalizer 2 of 2 must return a string, and not a promise of one",
    ],
    [
      "is asynchronous",
      (secret) => Promise.resolve(secret),
      "normalizer 2 of 2 must return a string, and not a promise of one",
    ],
    [
      "cuts a surrogate pair in half",
      (secret) => `${secret}👩`.slice(0, -1),
      "normalizer 2 of 2 returned text with a lone surrogate",
    ],
  ])("is refused if it %s, without the text", (_what, normalizer, message) => {
    const normalize = toTextFunction(["trim", normalizer as (text: string) => string])

    const error = refusalOf(() => normalize("secret"))

    expect(error).toBeInstanceOf(BlindIndexRefusal)
    expect(error).toMatchObject({ name: "BlindIndexRefusal", message })
    expect(
      inspect(error, { showHidden: true, depth: Infinity }).replace(/\n\s+at .*/g, ""),
    ).not.toContain("secret")
  })
})

describe("isNormalizer", () => {
  test.each<[value: unknown, expected: boolean]>([
    ["trim", true],
    ["nfkc", true],
    [String, true],
    ["Trim", false],
    ["toString", false],
    [["trim"], false],
    [null, false],
    [undefined, false],
  ])("says of %p: %p", (value, expected) => {
    expect(isNormalizer(value)).toBe(expected)
  })
})

function written(numberingSystem: string): string {
  return new Intl.NumberFormat("en", { numberingSystem, useGrouping: false }).format(9876543210)
}

function refusalOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error("it did not throw")
}

import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { leavesIn, replaceLeaves } from "../../../src/column/documents/document-leaves"
import { leafPaths } from "../../../src/column/documents/json-path"
import { leafSpans, replaceSpans } from "../../../src/column/documents/leaf-spans"
import { documents, paths } from "./documents"

function spansOf(text: string, ...declared: string[]): string[] {
  const spans = leafSpans(text, leafPaths(declared)).filter(({ isMisplaced }) => !isMisplaced)
  return spans.map(({ start, end }) => text.slice(start, end))
}

describe("the leaves of a document", () => {
  test("are found in its text, whatever is around them", () => {
    const text = ' { "x":[1, {"t": "a\\\\" }, {"t" : {"u":[true]}},null,{"t":null}] , "t":-1e3} '

    expect(spansOf(text, "x.*.t", "t")).toEqual(['"a\\\\"', '{"u":[true]}', "-1e3"])
    expect(spansOf(text, "x.0")).toEqual(["1"])
    expect(spansOf(text, "x.1.t.u", "t.v", "y", "x.00", "x.length")).toEqual([])
    expect(spansOf('"t"', "t")).toEqual([])
  })

  test("are found by keys in any spelling, each time a key is there", () => {
    expect(spansOf(String.raw`{"\u0074":1,"t":2,"a\"b":3}`, "t", 'a"b')).toEqual(["1", "2", "3"])
  })

  test("are found beside values that are nested deeper than calls can be", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000)

    expect(spansOf(`{"deep":${deep},"t":${deep}}`, "t")).toEqual([deep])
  })

  test("that a * would name are told where an array has the place of an object", () => {
    const misplaced = (text: string) =>
      leafSpans(text, leafPaths(["x.t"])).map(({ isMisplaced }) => isMisplaced)

    expect(misplaced('{"x":[{"t":1},[{"t":2}]]}')).toEqual([true, true])
    expect(misplaced('{"x":[{"t":null},"t",[]]}')).toEqual([])
    expect(misplaced('{"x":{"t":1}}')).toEqual([false])
  })

  test("are the same in a text and in the value it is of", () => {
    fc.assert(
      fc.property(documents, paths, (document, declared) => {
        const text = JSON.stringify(document)
        const spans = leafSpans(text, leafPaths(declared)).filter((span) => !span.isMisplaced)
        const inText = spans.map(({ start, end }) => text.slice(start, end))
        const inValue = leavesIn(JSON.parse(text), leafPaths(declared))

        expect(inText.sort()).toEqual(inValue.map((leaf) => JSON.stringify(leaf)).sort())
      }),
    )
  })

  test("are all that is replaced, of a value as of a text, and the value stays as it is", () => {
    fc.assert(
      fc.property(documents, paths, (document, declared) => {
        const text = JSON.stringify(document)
        const known = leafPaths(declared)
        const value: unknown = JSON.parse(text)
        const spans = leafSpans(text, known).filter((span) => !span.isMisplaced)
        const replaced = replaceLeaves(value, known, (leaf) => ({ was: leaf }))

        expect(JSON.stringify(replaced)).toBe(
          replaceSpans(text, spans, (leaf) => `{"was":${leaf}}`),
        )
        expect(JSON.stringify(value)).toBe(text)
        expect(Object.getPrototypeOf({})).toBe(Object.prototype)
      }),
    )
  })
})

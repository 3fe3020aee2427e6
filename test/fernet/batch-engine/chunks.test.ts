import { describe, expect, test } from "@jest/globals"

import { splitIntoChunks } from "../../../src/fernet/batch-engine/chunks"
import { LIMITS } from "../../../src/fernet/batch-engine/layout"

/** Splits texts for runs that take ten characters. */
function split(...texts: readonly string[]): ReturnType<typeof splitIntoChunks<string>> {
  return splitIntoChunks(texts, ({ length }) => length, 10)
}

describe("chunks", () => {
  test("are filled to the last, and hold values in order", () => {
    expect(split("1234567", "890", "next")).toEqual({
      chunks: [
        { values: ["1234567", "890"], positions: [0, 1] },
        { values: ["next"], positions: [2] },
      ],
      left: { values: [], positions: [] },
    })
  })

  test("are left by what is larger than all of one, and by nothing else", () => {
    expect(split("1", "12345678901", "1234567890")).toEqual({
      chunks: [
        { values: ["1"], positions: [0] },
        { values: ["1234567890"], positions: [2] },
      ],
      left: { values: ["12345678901"], positions: [1] },
    })
  })

  test("have no more entries than a run takes", () => {
    const { chunks } = split(...Array<string>(2 * LIMITS.entries + 1).fill(""))

    expect(chunks.map(({ values }) => values.length)).toEqual([LIMITS.entries, LIMITS.entries, 1])
  })

  test("are none of nothing", () => {
    expect(split().chunks).toEqual([])
  })
})

import { describe, expect, test } from "@jest/globals"

import { columnKeyMisuse, columnKeyOf } from "../../src/column/column-key"

const place = { schema: undefined, table: "patient", column: "ssn" }

describe("a column's keys", () => {
  test("are none where nothing asks for them", () => {
    expect(columnKeyOf(undefined, undefined, place)).toBeUndefined()
    expect(columnKeyOf(false, "only", place)).toBeUndefined()
  })

  test("have the mode of the column, else that of the DataSource", () => {
    expect(columnKeyOf("moving", "only", place)).toMatchObject({ mode: "moving" })
    expect(columnKeyOf(undefined, "ready", place)).toMatchObject({ mode: "ready" })
    expect(columnKeyOf({ context: "x" }, "ready", place)).toMatchObject({ mode: "ready" })
    expect(columnKeyOf({ context: "x" }, undefined, place)).toMatchObject({ mode: "only" })
  })

  test("have the place of the column for a context, unless one is given", () => {
    expect(columnKeyOf("only", undefined, place)?.context).toEqual(["patient", "ssn"])
    expect(columnKeyOf("only", undefined, { ...place, schema: "ward" })?.context).toEqual([
      "ward",
      "patient",
      "ssn",
    ])
    expect(columnKeyOf({ context: "x" }, undefined, place)?.context).toEqual(["x"])
    expect(columnKeyOf({ context: ["a", "b"] }, undefined, place)?.context).toEqual(["a", "b"])
  })
})

describe("a declaration of them", () => {
  test.each([undefined, false, "only", "moving", "ready", { context: "a" }, { context: ["a"] }])(
    "is right: %j",
    (declaration) => {
      expect(columnKeyMisuse(declaration)).toEqual([])
    },
  )

  test.each<[what: string, declaration: unknown, problem: string]>([
    ["true", true, "none of"],
    ["null", null, "none of"],
    ["another mode", "always", "none of"],
    ["options with another mode", { mode: "always", context: "a" }, "whose mode"],
    ["options without a context", {}, "whose context"],
    ["an empty context", { context: "" }, "whose context"],
    ["no part", { context: [] }, "whose context"],
    ["a part that is no text", { context: ["a", 1] }, "whose context"],
    ["a lone surrogate", { context: "\ud800" }, "whose context"],
    ["a context that is too long", { context: "a".repeat(1100) }, "whose context"],
    ["a misspelt option", { contxt: "a", context: "b" }, "did you mean context?"],
  ])("is wrong: %s", (_what, declaration, problem) => {
    expect(columnKeyMisuse(declaration)).toEqual([expect.stringContaining(problem)])
  })
})

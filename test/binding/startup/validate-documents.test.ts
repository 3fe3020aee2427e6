import { describe, expect, test } from "@jest/globals"
import { type EntitySchemaColumnOptions } from "typeorm"

import { encryptedColumn, type EncryptedColumnOptions } from "../../../src"
import { boundSource, problemsOf } from "../memory-source"
import { schema } from "../schema"

const config = (options: EncryptedColumnOptions, more: object = {}): EntitySchemaColumnOptions => ({
  ...encryptedColumn({ paths: ["token"], ...options }),
  ...more,
})

describe("a column of documents", () => {
  test.each<[misuse: string, column: EntitySchemaColumnOptions, problem: string]>([
    ["with no path", config({ paths: [] }), "has paths that are no list of paths"],
    ["with an empty path", config({ paths: [""] }), "has a path that is empty"],
    ["with a path twice", config({ paths: ["a", "a"] }), "has the path a twice"],
    ["with a path in another", config({ paths: ["a", "a.b"] }), "which lies inside of what a"],
    ["of another codec", config({ codec: "string" }), 'which only the codec "json" takes'],
    ["of a type of numbers", config({}, { type: "integer" }), "has paths and the type integer"],
    ["of bytes", config({ type: "jsonb" }), "has paths and the type jsonb, which SQLite stores"],
    ["with an index", config({ blindIndex: true }), "and none is of parts of documents"],
    ["that is constrained", config({ constrained: true }), "has paths and cannot be constrained"],
    ["that is unique", config({}, { unique: true }), "cannot be unique: equal documents have"],
    ["with a default", config({}, { default: "{}" }), "cannot have a default"],
  ])("%s is refused", async (_misuse, column, problem) => {
    expect(await problemsOf(schema("Webhook", { config: column }))).toEqual([
      expect.stringMatching(/^Webhook\.config /),
    ])
    expect(await problemsOf(schema("Webhook", { config: column }))).toEqual([
      expect.stringContaining(problem),
    ])
  })

  test.each<EncryptedColumnOptions>([
    {},
    { type: "text" },
    { type: "simple-json" },
    { type: "varchar", length: 500 },
    { paths: ["a.*.b", ["x.y", "z"]], nullable: true },
  ])("that says %j is accepted", async (options) => {
    const source = await boundSource([schema("Webhook", { config: config(options) })])

    await source.destroy()
  })

  test("may be in a check and in an index, which see the rest of it", async () => {
    const webhook = schema(
      "Webhook",
      { config: config({}) },
      {
        checks: [{ expression: `json_extract("config", '$.kind') IS NOT NULL` }],
        indices: [{ columns: ["config"] }],
      },
    )
    const source = await boundSource([webhook])

    await source.destroy()
  })
})

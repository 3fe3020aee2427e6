import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { Keyring, type LegacyReader } from "../../../src"
import type { ColumnScheme } from "../../../src/binding/columns/column-scheme"
import { DocumentColumn, type DocumentStorage } from "../../../src/binding/columns/document-column"
import { Keys } from "../../../src/binding/keys/keys"
import { replaceLeaves } from "../../../src/column/documents/document-leaves"
import { leafPaths } from "../../../src/column/documents/json-path"
import { leafSpans } from "../../../src/column/documents/leaf-spans"
import { documents, paths } from "../../column/documents/documents"
import { keyring, keys } from "../../support/keys"

function column(
  declaration: ColumnScheme["declaration"],
  scheme: Partial<ColumnScheme & DocumentStorage> = {},
): DocumentColumn {
  return new DocumentColumn(
    {
      property: "Webhook.config",
      phase: "reject",
      tokenLimit: undefined,
      ...{ isParsed: true, limitsBytes: false, ...scheme },
      declaration: { codec: "json", ...declaration },
    },
    new Keys(() => keyring, true),
  )
}

const config = column({ paths: ["headers.Authorization", "actions.*.token"] })
const document = {
  kind: "http",
  headers: { Authorization: "Bearer 1", Accept: "*/*" },
  actions: [{ token: 7 }, { token: null }, { name: "x" }, { token: { a: [true] } }],
}

function stored(cell: string | null | undefined): Record<string, unknown> {
  return JSON.parse(cell ?? "") as Record<string, unknown>
}

function messageOf(act: () => unknown): string {
  try {
    return `was not refused: ${JSON.stringify(act())}`
  } catch (error) {
    return (error as Error).message
  }
}

describe("a document of which parts are encrypted", () => {
  test("has tokens in place of the named leaves, and is the same otherwise", () => {
    const cell = stored(config.cellOf(document))
    const token = expect.stringMatching(/^gAAAAA/)

    expect(cell).toEqual({
      kind: "http",
      headers: { Authorization: token, Accept: "*/*" },
      actions: [{ token }, { token: null }, { name: "x" }, { token }],
    })
    expect(config.from(cell)).toEqual(document)
  })

  test("has the JSON of a leaf in its token, so that its type comes back", () => {
    const cell = stored(config.cellOf({ headers: { Authorization: "1" }, actions: [{ token: 1 }] }))
    const { headers, actions } = cell as {
      headers: { Authorization: string }
      actions: { token: string }[]
    }

    expect(keyring.decryptText(headers.Authorization)).toBe('"1"')
    expect(keyring.decryptText(actions[0]?.token ?? "")).toBe("1")
  })

  test.each([null, undefined])("is %p where there is none", (value) => {
    expect(config.cellOf(value)).toBe(value)
    expect(config.from(value)).toBe(value)
  })

  test("comes back whole, with nothing but the leaves changed, whatever it is", () => {
    fc.assert(
      fc.property(documents, paths, (given, declared) => {
        const known = leafPaths(declared)
        fc.pre(leafSpans(JSON.stringify(given), known).every(({ isMisplaced }) => !isMisplaced))
        fc.pre(given !== null)
        const one = column({ paths: declared })
        const cell: unknown = JSON.parse(one.cellOf(given) ?? "")
        const mark = () => "leaf"
        const asJson: unknown = JSON.parse(JSON.stringify(given))

        expect(JSON.stringify(one.read(cell))).toBe(JSON.stringify(given))
        expect(replaceLeaves(cell, known, mark)).toEqual(replaceLeaves(asJson, known, mark))
        expect(stored(one.cellOf(one.read(cell)))).toEqual(
          replaceLeaves(cell, known, () => expect.stringMatching(/^gAAAAA/)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test("that was read is not changed, nor is what was written", () => {
    const written = Object.freeze({ headers: Object.freeze({ Authorization: "Bearer 1" }) })
    const cell = stored(config.cellOf(written))
    const before = structuredClone(cell)

    config.from(cell)
    expect(cell).toEqual(before)
  })

  test("is read from text where the driver does not parse it", () => {
    const text = column({ paths: ["a"] }, { isParsed: false })
    const cell = text.cellOf({ a: 1, b: 2 })

    expect(text.from(cell)).toEqual({ a: 1, b: 2 })
    expect(messageOf(() => text.from("{"))).toContain("is no JSON")
    expect(messageOf(() => text.from(keyring.encrypt("{}")))).toContain("is a token as a whole")
  })

  test("is read from text also where a parsing driver was told not to", () => {
    expect(config.from(config.cellOf(document))).toEqual(document)
    expect(config.from("a text")).toBe("a text")
  })

  test("shows its leaves in their place whose tokens cannot be read", () => {
    const foreign = new Keyring([keys.second]).encrypt('"x"')
    const read = (leaf: unknown) => () => config.from({ headers: { Authorization: leaf } })

    expect(read(foreign)).toThrow(
      expect.objectContaining({
        reason: "unknown-key",
        property: "Webhook.config",
        message: expect.stringMatching(
          /^Webhook\.config cannot be decrypted: what is stored at headers\.Authorization was altered/,
        ),
      }),
    )
    expect(read(foreign.slice(0, -1))).toThrow(expect.objectContaining({ reason: "malformed" }))
    expect(read(keyring.encrypt("no JSON"))).toThrow(
      expect.objectContaining({ reason: "malformed" }),
    )
    for (const plaintext of ["Bearer 1", "gAAAA", 7, { a: 1 }, false, ""]) {
      expect(read(plaintext)).toThrow(expect.objectContaining({ reason: "plaintext" }))
    }
  })

  test("gives leaves that are in plaintext where that is allowed", () => {
    const lenient = column({ paths: ["a"] }, { phase: "allow" })

    for (const leaf of ["Bearer 1", "gAAAAB", "7", 7, { a: 1 }, [], false, "", "null"]) {
      expect(lenient.from({ a: leaf })).toEqual({ a: leaf })
    }
  })

  test.each(["keep", "index"] as const)("is stored as it is under %p", (phase) => {
    const early = column({ paths: ["a"] }, { phase })

    expect(early.cellOf({ a: "x", b: 1 })).toBe('{"a":"x","b":1}')
    expect(messageOf(() => early.cellOf({ a: new Keyring([keys.second]).encrypt("x") }))).toContain(
      "looks like a token",
    )
  })

  test("refuses a leaf that is a token of the ring, and leaves one alone that is elsewhere", () => {
    const token = keyring.encrypt('"x"')
    const foreign = new Keyring([keys.second]).encrypt("x")

    expect(() => config.cellOf({ headers: { Authorization: token } })).toThrow(
      expect.objectContaining({
        code: "ERR_ALREADY_ENCRYPTED",
        message: expect.stringContaining("Webhook.config: the value at headers.Authorization"),
      }),
    )
    expect(stored(config.cellOf({ token }))).toEqual({ token })
    const cell = config.cellOf({ headers: { Authorization: foreign } })
    expect(config.from(stored(cell))).toEqual({ headers: { Authorization: foreign } })
  })

  test("refuses an array in whose elements a path would be found that has no *", () => {
    expect(messageOf(() => config.cellOf({ headers: [{ Authorization: "secret" }] }))).toBe(
      "Webhook.config: the document has an array where headers.Authorization has a key, whose " +
        "elements hold what it would name; declare the path with a * there.",
    )
    expect(stored(config.cellOf({ headers: [] }))).toEqual({ headers: [] })
  })

  test("refuses what JSON does not hold, and what does not fit", () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle

    expect(messageOf(() => config.cellOf(cycle))).toContain("one with a cycle or a bigint")
    expect(messageOf(() => config.cellOf(() => 1))).toContain("got a function")
    const narrow = column({ paths: ["a"] }, { tokenLimit: 120 })
    expect(narrow.cellOf({ a: 1 })).toHaveLength(108)
    expect(messageOf(() => narrow.cellOf({ a: 1, b: "€".repeat(20) }))).toContain(
      "has 135 characters with its tokens and the column holds 120",
    )
    const bytes = column({ paths: ["a"] }, { tokenLimit: 150, limitsBytes: true })
    expect(messageOf(() => bytes.cellOf({ b: "€".repeat(50) }))).toContain("has 158 bytes")
  })

  test("stays as it is, but for a legacy form that the leaves were in", () => {
    const legacy: LegacyReader = {
      is: (text) => text.startsWith("enc:"),
      decode: (text) => Buffer.from(text.slice(4), "base64"),
      encode: (plaintext) => `enc:${Buffer.from(plaintext).toString("base64")}`,
    }
    const reading = column({ paths: ["a"], legacy }, { phase: "allow" })

    expect(reading.from({ a: "enc:MTIz", b: "enc:MTIz" })).toEqual({ a: "123", b: "enc:MTIz" })
    expect(reading.from({ a: 7 })).toEqual({ a: 7 })
    const writing = column({ paths: ["a"], legacy }, { phase: "keep" })
    expect(writing.cellOf({ a: "123" })).toBe('{"a":"enc:MTIz"}')
    expect(messageOf(() => writing.cellOf({ a: 123 }))).toContain("could not write the value")
  })

  test("is refused when a leaf is older than the ttl", () => {
    const aging = column({ paths: ["a"], ttl: 60 })
    const old = keyring.encryptAtTime("1", Math.floor(Date.now() / 1000) - 3600)

    expect(() => aging.from({ a: old })).toThrow(expect.objectContaining({ reason: "expired" }))
  })

  test("says of a cell whether one of its leaves opens", () => {
    expect(config.opens(stored(config.cellOf(document)))).toBe(true)
    expect(config.opens(config.cellOf(document))).toBe(true)
    expect(config.opens(document)).toBe(false)
    expect(config.opens(null)).toBe(false)
  })
})

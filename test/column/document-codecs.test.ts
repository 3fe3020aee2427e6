import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { bytesCodec, jsonCodec } from "../../src/column/document-codecs"
import { refusal } from "./plaintext-of"

const canonical = (value: unknown): unknown => jsonCodec.canonical?.(value)

describe("the json codec", () => {
  test("writes JSON in the order of the keys", () => {
    expect(jsonCodec.encode({ b: 1, a: [true, "x"] })).toBe('{"b":1,"a":[true,"x"]}')
  })

  test("reads back any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const read: unknown = jsonCodec.decodeText(jsonCodec.encode(value))

        expect(read).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test.each([
    ["text", '"text"'],
    [7, "7"],
    [false, "false"],
    [[], "[]"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])("writes %p, which is no object, as %s", (value, plaintext) => {
    expect(jsonCodec.encode(value)).toBe(plaintext)
  })

  test("reads JSON with spaces and escapes, as other languages write it", () => {
    expect(jsonCodec.decodeText('{"name": "Zo\\u00eb", "n": 1.0}\n')).toEqual({ name: "Zoë", n: 1 })
  })

  test("keeps a __proto__ key a key", () => {
    const value: unknown = JSON.parse('{"__proto__": {"admin": true}}')

    const read = jsonCodec.decodeText(jsonCodec.encode(value)) as { admin?: boolean }

    expect(Object.keys(read)).toEqual(["__proto__"])
    expect(read.admin).toBeUndefined()
  })

  test.each(["", "{", "undefined", "NaN", "{'a': 1}", "078-05-1120"])(
    "refuses to read %j without quoting it",
    (plaintext) => {
      expect(refusal(() => jsonCodec.decodeText(plaintext))).toBe("JSON")
    },
  )

  const cycle: Record<string, unknown> = { ssn: "078-05-1120" }
  cycle.self = cycle

  test.each([
    [cycle, "a value JSON can hold, got one with a cycle or a bigint"],
    [{ n: 1n }, "a value JSON can hold, got one with a cycle or a bigint"],
    [() => "078-05-1120", "a value JSON can hold, got a function"],
    [Symbol("078-05-1120"), "a value JSON can hold, got a symbol"],
    [{ toJSON: () => undefined }, "a value JSON can hold, got an object"],
    [Number.NaN, "a value JSON can hold, got NaN or an infinity"],
    [-Infinity, "a value JSON can hold, got NaN or an infinity"],
    [new Date(Number.NaN), "a value JSON can hold, got a Date"],
    [{ toJSON: () => null }, "a value JSON can hold, got an object"],
  ])("refuses %p without quoting it", (value, message) => {
    expect(refusal(() => jsonCodec.encode(value))).toBe(message)
  })

  test("writes a lone surrogate inside as an escape, which is well-formed", () => {
    expect(jsonCodec.encode("\ud83d")).toBe('"\\ud83d"')
    expect(jsonCodec.decodeText('"\\ud83d"')).toBe("\ud83d")
  })
})

describe("comparing json values", () => {
  test("ignores the order of keys at every depth", () => {
    expect(canonical({ a: { c: [{ e: 1, d: 2 }], b: 1 } })).toBe(
      canonical({ a: { b: 1, c: [{ d: 2, e: 1 }] } }),
    )
  })

  test.each([
    [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: null }, {}],
    [{ a: 1 }, { a: "1" }],
    [{ "0": 1 }, [1]],
    [JSON.parse('{"__proto__": 1}'), {}],
    [JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 2}}')],
  ] as [unknown, unknown][])("tells %j from %j", (a, b) => {
    expect(canonical(a)).not.toBe(canonical(b))
  })

  test("ignores what JSON leaves out", () => {
    expect(canonical({ a: 1, b: undefined })).toBe(canonical({ a: 1 }))
  })

  test("is blind to key order for any value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())

        expect(canonical(reversed)).toBe(canonical(value))
      }),
    )
  })
})

describe("the bytes codec", () => {
  test("reads back any bytes as a Buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const read = bytesCodec.decode(new Uint8Array(bytesCodec.encode(bytes) as Uint8Array))

        expect(Buffer.isBuffer(read)).toBe(true)
        expect(new Uint8Array(read as Buffer)).toEqual(bytes)
      }),
    )
  })

  test.each([
    ["AAEC", "a string"],
    [[0, 1], "an array"],
    [new ArrayBuffer(2), "an object"],
    [new DataView(new ArrayBuffer(2)), "an object"],
    [new Uint16Array(2), "an object"],
    [{ type: "Buffer", data: [0] }, "an object"],
  ])("refuses %p as %s", (value, type) => {
    expect(refusal(() => bytesCodec.encode(value))).toBe(`a Buffer or Uint8Array, got ${type}`)
  })
})

import { describe, expect, test } from "@jest/globals"
import * as fc from "fast-check"
import { inspect } from "node:util"
import { serialize } from "node:v8"

import { Sealed } from "../../src"
import { jsonCodec } from "../../src/column/document-codecs"
import { contentOf, isSealed } from "../../src/column/sealed"
import { reachableText } from "../binding/reachable-text"

const MARKER = "marker-078-05-1120"
const sealed = Sealed.of(MARKER)

describe("a sealed value", () => {
  test("is revealed when it is asked for", () => {
    expect(sealed.reveal()).toBe(MARKER)
    expect(Sealed.of(0).reveal()).toBe(0)
  })

  test("is shown as [sealed], and nothing of it", () => {
    const texts = [
      String(sealed),
      `the key is ${sealed as unknown as string}`,
      JSON.stringify({ key: sealed }),
      inspect(sealed),
      inspect({ key: sealed }, { showHidden: true, depth: 9, getters: true }),
      sealed.toLocaleString(),
      sealed[Symbol.toPrimitive](),
    ]

    for (const text of texts) expect(text).toContain("[sealed]")
    expect(texts.join()).not.toContain("marker")
  })

  test("is nothing where its own ways are not asked for", () => {
    const copies: unknown[] = [
      { ...(sealed as object) },
      structuredClone(sealed),
      Object.entries(sealed),
      Object.assign({}, sealed),
      inspect(sealed, { customInspect: false, showHidden: true, getters: true }),
      serialize(sealed).toString("latin1"),
      Reflect.ownKeys(sealed),
    ]

    expect(reachableText(copies)).not.toContain("marker")
    expect(reachableText(sealed)).not.toContain("marker")
    expect(structuredClone(sealed)).toEqual({})
  })

  test("is no number, whatever it holds", () => {
    expect(Number(Sealed.of(7))).toBeNaN()
  })

  test("that was copied past its constructor holds nothing, and says so", () => {
    const copies = [
      Object.create(Sealed.prototype) as Sealed<string>,
      Reflect.construct(Sealed, []) as Sealed<string>,
    ]

    for (const copy of copies) {
      expect(isSealed(copy)).toBe(true)
      expect(contentOf(copy)).toBeUndefined()
      expect(JSON.stringify(copy)).toBe('"[sealed]"')
      expect(() => copy.reveal()).toThrow("This is a copy of a sealed value, which holds nothing")
      expect(() => sealed.equals(copy)).toThrow(TypeError)
    }
  })

  test.each([null, undefined])("is not made of %p", (nothing) => {
    expect(() => Sealed.of(nothing as never)).toThrow("assign null itself")
  })

  test("is not sealed twice", () => {
    expect(() => Sealed.of(sealed)).toThrow("sealed already")
  })

  test("inside of a document keeps it from being stored", () => {
    const document = { headers: [{ authorization: sealed }] }

    expect(() => jsonCodec.encode(document)).toThrow("without sealed values inside")
    expect(() => jsonCodec.canonical?.(document)).toThrow("without sealed values inside")
    expect(jsonCodec.encode({ authorization: "[sealed]" })).toBe('{"authorization":"[sealed]"}')
  })
})

describe("the bytes of a sealed value", () => {
  test("are its plaintext, and are wiped when they were used", () => {
    let kept: Buffer | undefined

    const length = sealed.use((bytes) => {
      kept = bytes
      expect(bytes.toString()).toBe(MARKER)
      return bytes.length
    })

    expect(length).toBe(MARKER.length)
    expect(kept).toEqual(Buffer.alloc(MARKER.length))
  })

  test("are wiped when their use fails", () => {
    let kept: Buffer | undefined
    const use = (): unknown =>
      sealed.use((bytes) => {
        kept = bytes
        throw new RangeError("refused")
      })

    expect(use).toThrow("refused")
    expect(kept).toEqual(Buffer.alloc(MARKER.length))
  })

  test.each([
    ["is done", () => Promise.resolve("done")],
    ["fails", () => Promise.reject(new RangeError("refused"))],
  ])("are there until a promise %s", async (_how, settle) => {
    let kept: Buffer | undefined
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })

    const used = sealed.use(async (bytes) => {
      kept = bytes
      await gate
      expect(bytes.toString()).toBe(MARKER)
      return settle()
    })
    expect(kept?.toString()).toBe(MARKER)
    open()

    await Promise.allSettled([used])
    expect(kept).toEqual(Buffer.alloc(MARKER.length))
    await (settle as () => Promise<unknown>)().then(
      () => expect(used).resolves.toBe("done"),
      () => expect(used).rejects.toThrow("refused"),
    )
  })

  test("are not those that were given", () => {
    const given = Uint8Array.of(1, 2, 3)

    Sealed.of(given).use((bytes) => bytes.fill(9))

    expect(given).toEqual(Uint8Array.of(1, 2, 3))
  })

  test("share their memory with nothing", () => {
    sealed.use(({ buffer, byteLength }) => {
      expect(buffer.byteLength).toBe(byteLength)
    })
  })

  test.each([
    [7.5, "7.5"],
    [7n, "7"],
    [true, "true"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [{ a: [1] }, '{"a":[1]}'],
  ])("of %p are what a codec writes", (value, text) => {
    expect(Sealed.of<unknown>(value).use((bytes) => bytes.toString())).toBe(text)
  })
})

describe("equality of sealed values", () => {
  test("holds for the same value, sealed or not", () => {
    expect(sealed.equals(MARKER)).toBe(true)
    expect(sealed.equals(Sealed.of(MARKER))).toBe(true)
    expect(sealed.equals(`${MARKER}!`)).toBe(false)
    expect(sealed.equals(null)).toBe(false)
    expect(sealed.equals(undefined)).toBe(false)
    expect(Sealed.of<unknown>("7").equals(7)).toBe(false)
    expect(Sealed.of<unknown>({ a: 1, b: 2 }).equals({ b: 2, a: 1 })).toBe(true)
    expect(Sealed.of(Uint8Array.of(1)).equals(Buffer.of(1))).toBe(true)
    expect(Sealed.of(new Date(5)).equals(new Date(5))).toBe(true)
  })

  test("holds for texts exactly if they are equal", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
        expect(Sealed.of(one).equals(other)).toBe(one === other)
        expect(Sealed.of(one).equals(one)).toBe(true)
      }),
    )
  })
})

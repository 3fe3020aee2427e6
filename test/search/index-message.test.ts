import { describe, expect, test } from "@jest/globals"

import { messageOf, withMessage } from "../../src/search/index-message"

/** What is laid out for values, in Latin-1, and the memory it was in. */
function layOut(values: readonly (string | Uint8Array)[]): { text: string; memory: Buffer } {
  return withMessage(values, (memory) => ({ text: memory.toString("latin1", 64), memory }))
}

describe("withMessage", () => {
  test("lays out one value as its bytes, after room for the key block", () => {
    expect(layOut(["alice"]).text).toBe("alice")
    expect(layOut(["é"]).text).toBe("\xc3\xa9")
    expect(layOut([Uint8Array.of(0xff, 0)]).text).toBe("\xff\0")
    expect(layOut([""]).text).toBe("")
  })

  test("lays out several values, each after its length in bytes", () => {
    expect(layOut(["é", "", Uint8Array.of(7)]).text).toBe(
      "\0\0\0\x02\xc3\xa9" + "\0\0\0\0" + "\0\0\0\x01\x07",
    )
    expect(layOut(["a".repeat(0x1_0203), ""]).text.slice(0, 5)).toBe("\0\x01\x02\x03a")
  })

  test.each([5, 5000])("wipes a message of %d bytes when it has been read", (length) => {
    const { memory } = layOut(["a".repeat(length)])

    expect(memory.equals(Buffer.alloc(64 + length))).toBe(true)
  })

  test("wipes the message when reading it fails", () => {
    const seen: Buffer[] = []
    const fail = (memory: Buffer): never => {
      seen.push(memory)
      throw new Error("unreadable")
    }

    expect(() => withMessage(["alice"], fail)).toThrow("unreadable")
    expect(seen.map((memory) => memory.equals(Buffer.alloc(64 + 5)))).toEqual([true])
  })

  test("uses the same memory again for short messages only", () => {
    const memoryOf = (length: number): ArrayBufferLike => layOut(["a".repeat(length)]).memory.buffer

    expect(memoryOf(1024)).toBe(memoryOf(3))
    expect(memoryOf(1025)).not.toBe(memoryOf(1025))
  })
})

describe("messageOf", () => {
  test.each<readonly (readonly (string | Uint8Array)[])[]>([
    [["alice"]],
    [[Uint8Array.of(0xff, 0)]],
    [["é", ""]],
    [["a".repeat(127), "b"]],
    [["a".repeat(128), "b"]],
    [["é".repeat(64), "b"]],
    [["a", Uint8Array.of(0xc3)]],
  ])("is what is laid out, whatever form it has: %p", (values) => {
    const message = Buffer.from(messageOf(values) as string)

    expect(message.toString("latin1")).toBe(layOut(values).text)
  })

  test.each<[string, readonly (string | Uint8Array)[]]>([
    ["text", ["alice"]],
    ["text", ["x".repeat(5_000)]],
    ["text", ["a".repeat(127), "é", ""]],
    ["bytes", ["a".repeat(128), "b"]],
    ["bytes", ["é".repeat(64), "b"]],
    ["bytes", [Buffer.from("alice")]],
    ["bytes", ["alice", Buffer.from("bob")]],
  ])("is %s where that is all there is to do: %p", (form, values) => {
    expect(typeof messageOf(values) === "string" ? "text" : "bytes").toBe(form)
  })

  test("is bytes of their own where the values are bytes", () => {
    const value = Uint8Array.of(1, 2)
    const message = messageOf([value]) as Uint8Array
    message.fill(0)

    expect(value).toEqual(Uint8Array.of(1, 2))
  })
})

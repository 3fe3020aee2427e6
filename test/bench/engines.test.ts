import { describe, expect, test } from "@jest/globals"

import { engines, requireAgreement } from "../../bench/fernet/engine"
import { describeSize, ringKeys, textsOf } from "../../bench/fernet/texts"

describe("the engines that are compared", () => {
  const all = engines(ringKeys[0] ?? "")

  test("read each other's tokens", () => {
    expect(() => {
      requireAgreement(all, "Zoë 漢字")
    }).not.toThrow()
  })

  test("are refused if one does not do its work", () => {
    const idle = { name: "idle", encrypt: () => "", decrypt: (token: string) => token }

    expect(() => {
      requireAgreement([...all, idle], "text")
    }).toThrow("idle does not read")
  })
})

describe("the texts that are encrypted", () => {
  test.each([16, 64, 65536])("have %d bytes, and differ", (bytes) => {
    const texts = textsOf(bytes)

    expect(texts.every((text) => Buffer.byteLength(text) === bytes)).toBe(true)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test("have a size in words", () => {
    expect([16, 65536].map(describeSize)).toEqual(["16 B", "64 KiB"])
  })
})

import { describe, expect, test } from "@jest/globals"

import { scratchFor, TokenScratch } from "../../src/fernet/token-scratch"

describe("TokenScratch", () => {
  test("begins as a token without ciphertext", () => {
    const { authenticated, encrypted, mac } = new TokenScratch(1)

    expect(authenticated).toHaveLength(64 + 1 + 8 + 16)
    expect(encrypted).toEqual(Buffer.alloc(16))
    expect(mac).toHaveLength(32)
  })
})

describe("scratchFor", () => {
  test("returns the same memory for every value up to 16 KiB", () => {
    const { bytes } = scratchFor(1)

    expect(scratchFor(1024).bytes).toBe(bytes)
    expect(bytes).toHaveLength(64 + 1 + 8 + 16 + 1024 * 16 + 32)
  })

  test("returns memory of its own for a larger value, and does not keep it", () => {
    const large = scratchFor(1025)

    expect(large.bytes).toHaveLength(64 + 1 + 8 + 16 + 1025 * 16 + 32)
    expect(scratchFor(1025).bytes).not.toBe(large.bytes)
    expect(scratchFor(1).bytes).not.toBe(large.bytes)
  })

  test("makes the views of a length once", () => {
    const { authenticated, encrypted, mac } = scratchFor(3)
    scratchFor(4)

    expect(scratchFor(3).authenticated).toBe(authenticated)
    expect(scratchFor(3).encrypted).toBe(encrypted)
    expect(scratchFor(3).mac).toBe(mac)
  })
})

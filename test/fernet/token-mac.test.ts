import { createHmac } from "node:crypto"

import { describe, expect, test } from "@jest/globals"

import { TokenMac } from "../../src/fernet/token-mac"

function tagOf(mac: TokenMac, message: Uint8Array): string {
  const tag = mac.tagOf(Buffer.concat([Buffer.alloc(64, 0xff), message]))
  return Buffer.from(tag, "latin1").toString("hex")
}

describe("TokenMac", () => {
  test("RFC 4231, test case 1", () => {
    const mac = new TokenMac(Buffer.alloc(20, 0x0b))

    expect(tagOf(mac, Buffer.from("Hi There"))).toBe(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    )
  })

  test("RFC 4231, test case 2", () => {
    const mac = new TokenMac(Buffer.from("Jefe"))

    expect(tagOf(mac, Buffer.from("what do ya want for nothing?"))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    )
  })

  test("returns the HMAC in hexadecimal on demand", () => {
    const message = Buffer.alloc(64 + 8, "Hi There", "latin1")

    const tag = new TokenMac(Buffer.alloc(20, 0x0b)).tagOf(message, "hex")

    expect(tag).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
  })

  test("equals createHmac for messages of any length, one after the other", () => {
    const key = Buffer.from("0123456789abcdef")
    const mac = new TokenMac(key)

    for (const length of [0, 1, 55, 56, 64, 1000, 3]) {
      const message = Buffer.alloc(length, length)
      expect(tagOf(mac, message)).toBe(createHmac("sha256", key).update(message).digest("hex"))
    }
  })
})

import { createHmac, randomBytes } from "node:crypto"

import { describe, expect, jest, test } from "@jest/globals"

import { tagsOf } from "../../src/fernet/tags-of"
import { TokenMac } from "../../src/fernet/token-mac"

const key = randomBytes(32)
const mac = new TokenMac(key)
const expected = (message: string | Uint8Array): string =>
  createHmac("sha256", key).update(message).digest("hex")

/** One is too long for the batch engine, and the last ones are texts and bytes of few. */
const messages = [
  ...["", "Ada", "Grüße", "🔑", "x".repeat(5_000)],
  ...[new Uint8Array(), Buffer.from([0, 255, 128]), randomBytes(200)],
]

describe("tagsOf", () => {
  test("makes HMACs of many messages, texts and bytes", () => {
    expect(tagsOf(mac, messages)).toEqual(messages.map(expected))
  })

  test("makes that of each alone", () => {
    for (const message of messages) expect(tagsOf(mac, [message])).toEqual([expected(message)])
  })

  test("wipes the copy of a message, also if it fails", () => {
    const copies: Buffer[] = []
    const failing = new TokenMac(key)
    jest.spyOn(failing, "tagOf").mockImplementation((bytes) => {
      copies.push(bytes)
      throw new Error("no hash")
    })

    expect(() => tagsOf(failing, ["Ada"])).toThrow("no hash")
    expect(copies).toEqual([Buffer.alloc(64 + 3)])
  })
})

import { afterEach, describe, expect, jest, test } from "@jest/globals"

import { BatchEngine } from "../../src/fernet/batch-engine/batch-engine"
import { generateKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"

const [key, oldKey] = [generateKey(), generateKey()]
const keyring = new Keyring([key, oldKey])
const three = ["a", "b", "c"]
const four = [...three, "d"]

afterEach(() => {
  jest.restoreAllMocks()
})

describe("the batches of a keyring", () => {
  test.each([
    ["node:crypto", three, 0],
    ["the engine", four, 1],
  ])("go to %s by their number", (_, texts, calls) => {
    // Of which the first use would test the engine itself
    keyring.encryptMany(four)
    const [seal, open, rotate] = (["seal", "open", "rotate"] as const).map((name) =>
      jest.spyOn(BatchEngine.prototype, name),
    )

    const tokens = keyring.encryptMany(texts)
    keyring.decryptMany(tokens)
    keyring.rotateMany(tokens)

    expect(seal).toHaveBeenCalledTimes(calls)
    expect(open).toHaveBeenCalledTimes(calls)
    expect(rotate).toHaveBeenCalledTimes(calls)
  })

  test("are tried under the key that worked last, and each other key once", () => {
    const ring = new Keyring([key, oldKey])
    const tokens = new Keyring([oldKey]).encryptMany(four)
    const open = jest.spyOn(BatchEngine.prototype, "open")

    ring.decryptMany(tokens)
    ring.decryptMany(tokens)

    const [first, second] = open.mock.calls.map(([keys]) => keys)
    expect(second).toHaveLength(2)
    expect(second?.[0]).toBe(first?.[1])
    expect(second?.[1]).toBe(first?.[0])
  })

  test("are read once, so that what was looked at is what is encrypted", () => {
    const changing = ["the first", "the second"]
    const texts = [...four]
    Object.defineProperty(texts, 0, { get: () => changing.shift(), enumerable: true })

    const [token = ""] = keyring.encryptMany(texts)

    expect(keyring.decryptText(token)).toBe("the first")
    expect(changing).toEqual(["the second"])
  })

  test("hold no text that is not well-formed", () => {
    expect(() => keyring.encryptMany([...three, "\ud800"])).toThrow(TypeError)
  })
})

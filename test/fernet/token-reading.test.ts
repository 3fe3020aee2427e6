import { describe, expect, test } from "@jest/globals"

import { parseKey } from "../../src/fernet/key"
import type { TokenBatch } from "../../src/fernet/token-batch"
import { engineStates, loadFernet } from "./engine-states"
import { PYTHON_KEY, PYTHON_OLD_KEY } from "./python-tokens"
import { forgeToken } from "./reference"
import { VECTOR_KEY } from "./vectors"

/** Bytes of IVs and ciphertext that one call of the decipher is given at most. */
const CAPACITY = 64 * 1024

describe.each(engineStates)("with the engine %s", (_state, { Fernet, Keyring, sharedBatch }) => {
  const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY, VECTOR_KEY])
  const rings = [PYTHON_KEY, PYTHON_OLD_KEY, VECTOR_KEY].map((key) => new Keyring([key]))
  const texts = Array.from({ length: 1500 }, (_, i) => `${i} é€😀\uFFFD`.repeat(i % 20))

  function underEachKey(text: string, i: number): string {
    return rings[Math.floor(i / 5) % 3]?.encrypt(text) ?? ""
  }

  describe("decrypting many tokens", () => {
    test("gives the text of each, in order, whatever keys they are under", () => {
      expect(keyring.decryptMany(texts.map(underEachKey))).toEqual(texts)
    })

    test("gives nothing for nothing", () => {
      expect(keyring.decryptMany([])).toEqual([])
    })

    test.each([
      ["no token", "078-05-1120"],
      ["a truncated token", keyring.encrypt("a").slice(0, -4)],
      ["a token under an unknown key", new Keyring([Fernet.generateKey()]).encrypt("a")],
      ["an authentic token with wrong padding", forgeToken(PYTHON_KEY, Buffer.alloc(16))],
      [
        "an authentic token with padding for two blocks",
        forgeToken(PYTHON_KEY, Buffer.alloc(32, 17)),
      ],
      ["an authentic token that is not UTF-8", new Fernet(PYTHON_KEY).encrypt(Buffer.of(0xff))],
    ])("leaves %s out, and reads those around it", (_what, token) => {
      const [before, after] = ["before", "after"].map((text) => keyring.encrypt(text))

      const read = keyring.decryptMany([before ?? "", token, after ?? ""])

      expect(read).toEqual(["before", undefined, "after"])
      expect(keyring.decryptMany([token])).toEqual([undefined])
    })

    test("reads a token too large to be read with others, unless it is malformed inside", () => {
      const large = "a".repeat(CAPACITY)
      const forged = forgeToken(PYTHON_KEY, Buffer.alloc(CAPACITY))

      const read = keyring.decryptMany([keyring.encrypt(large), "", forged, keyring.encrypt("b")])

      expect(read).toEqual([large, undefined, undefined, "b"])
    })

    test("leaves a token out of which any byte was altered", () => {
      const bytes = Buffer.from(keyring.encrypt("a"), "base64url")
      const altered = [...bytes.keys()].map((at) => {
        const copy = Buffer.from(bytes)
        copy[at] = (copy[at] ?? 0) ^ 0x01
        return `${copy.toString("base64url")}==`.slice(0, 100)
      })

      expect(new Set(keyring.decryptMany(altered))).toEqual(new Set([undefined]))
    })

    test("leaves nothing behind in memory", () => {
      keyring.decryptMany(texts.map(underEachKey))

      expect(Buffer.from(sharedBatch.view.buffer).equals(Buffer.alloc(CAPACITY))).toBe(true)
    })

    test("leaves nothing behind in memory when it fails", () => {
      const failing = [keyring.encrypt("secret"), 1 as unknown as string]

      expect(() => keyring.decryptMany(failing)).toThrow()

      expect(Buffer.from(sharedBatch.view.buffer).equals(Buffer.alloc(CAPACITY))).toBe(true)
      expect(keyring.decryptMany([keyring.encrypt("a")])).toEqual(["a"])
    })
  })
})

describe("calls of the decipher", () => {
  const { Keyring, TokenKey } = loadFernet("off")
  const foreign = new Keyring([VECTOR_KEY]).encrypt("a")
  let calls: number[] = []

  /** A key that notes how many tokens it is given at once. */
  class WatchedKey extends TokenKey {
    override decryptBatch(batch: TokenBatch): void {
      calls.push(batch.entries.length)
      super.decryptBatch(batch)
    }
  }

  const keys = [PYTHON_KEY, PYTHON_OLD_KEY].map((key) => new WatchedKey(parseKey(key))) as [
    WatchedKey,
    WatchedKey,
  ]
  const watched = new Keyring(keys)

  function callsToRead(...tokens: readonly (readonly [key: number, text: string])[]): number[] {
    const given = tokens.map(([key, text]) => keys[key]?.seal(text, 0) ?? "")
    calls = []
    watched.decryptMany(given)
    return calls
  }

  test("are one for as many tokens as it takes", () => {
    expect(callsToRead([0, "a"], [0, "b"], [0, "c"])).toEqual([3])
  })

  test("are made anew for each key that tokens are under", () => {
    expect(callsToRead([0, "a"], [1, "b"], [1, "c"], [0, "d"])).toEqual([1, 2, 1])
  })

  test("are made anew when the next token does not fit", () => {
    const half = "a".repeat(CAPACITY / 2)

    expect(callsToRead([0, half], [0, half], [0, "b"])).toEqual([1, 2])
  })

  test.each([
    ["no token", "078-05-1120"],
    ["a token under an unknown key", foreign],
  ])("are one, whatever lies between: %s", (_what, between) => {
    const [before, after] = ["before", "after"].map((text) => keys[0].seal(text, 0))
    calls = []

    watched.decryptMany([before ?? "", between, after ?? ""])

    expect(calls).toEqual([2])
  })

  test("are none for nothing", () => {
    expect(callsToRead()).toEqual([])
  })
})

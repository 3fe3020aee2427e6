import { describe, expect, test } from "@jest/globals"

import { parseKey } from "../../src/fernet/key"
import type { TokenBatch as Batch } from "../../src/fernet/token-batch"
import type { TokenKey as Key } from "../../src/fernet/token-key"
import type { TokenScratch } from "../../src/fernet/token-scratch"
import { engineStates, loadFernet } from "./engine-states"
import { PYTHON_KEY, PYTHON_OLD_KEY } from "./python-tokens"
import { bytesOf, forgeToken } from "./reference"
import { VECTOR_KEY } from "./vectors"

/** Room in a batch: a block for the IV, the rest for padded plaintext. */
const CAPACITY = 64 * 1024

/** Texts of many lengths, of which a batch holds some hundreds, and one that fits into none. */
const texts = Array.from({ length: 1500 }, (_, i) => `${i} é€😀`.repeat(1 + (i % 20)))
texts.splice(700, 0, "large ".repeat(20_000))

describe.each(engineStates)("with the engine %s", (_state, modules) => {
  const { Fernet, InvalidTokenError, Keyring, sharedBatch, TokenBatch, TokenKey } = modules
  const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY, VECTOR_KEY])
  const old = new Keyring([PYTHON_OLD_KEY])
  const older = new Keyring([VECTOR_KEY])

  /** Everything that the batch of the engine still has in memory. */
  function leftover(): Buffer {
    return Buffer.from(sharedBatch.view.buffer)
  }

  describe("encrypting many texts", () => {
    test("makes the token of each, in order, under the first key", () => {
      const tokens = keyring.encryptMany(texts)

      expect(tokens.map((token) => keyring.decryptText(token))).toEqual(texts)
      expect(new Set(tokens.map((token) => keyring.keyIndexOf(token)))).toEqual(new Set([0]))
    })

    test("stamps them with the current time", () => {
      const before = Math.floor(Date.now() / 1000)

      const [token = ""] = keyring.encryptMany([""])

      expect(keyring.extractTimestamp(token)).toBeGreaterThanOrEqual(before)
      expect(keyring.extractTimestamp(token)).toBeLessThanOrEqual(Date.now() / 1000)
    })

    test("gives each an IV of its own", () => {
      const tokens = keyring.encryptMany(texts.map(() => "the same"))

      const ivs = tokens.map((token) => bytesOf(token).toString("hex", 9, 25))
      expect(new Set(ivs).size).toBe(texts.length)
    })

    test("makes an IV that neither the key nor what is in memory determines", () => {
      const ivs = [1, 2].map(() => {
        const batch = new TokenBatch()
        batch.addPlaintext("", 0)
        const [token = ""] = new TokenKey(parseKey(PYTHON_KEY)).sealBatch(batch)
        return bytesOf(token).toString("hex", 9, 25)
      })

      expect(ivs[0]).not.toBe(ivs[1])
    })

    test("makes nothing of nothing", () => {
      expect(keyring.encryptMany([])).toEqual([])
    })

    test("leaves nothing behind in memory", () => {
      keyring.encryptMany(texts)

      expect(leftover().equals(Buffer.alloc(CAPACITY))).toBe(true)
    })

    test("refuses a lone surrogate, and forgets what came before it", () => {
      expect(() => keyring.encryptMany(["secret", "\ud800"])).toThrow(TypeError)

      expect(leftover().equals(Buffer.alloc(CAPACITY))).toBe(true)
      expect(keyring.encryptMany(["a"]).map((token) => keyring.decryptText(token))).toEqual(["a"])
    })
  })

  describe("rotating many tokens", () => {
    test("keeps texts and timestamps, whatever keys they were under", () => {
      const rings = [keyring, old, older]
      const tokens = texts.map((text, i) =>
        (rings[Math.floor(i / 5) % 3] ?? old).encryptAtTime(text, 1_600_000_000 + i),
      )

      const rotated = keyring.rotateMany(tokens)

      expect(rotated.map((result) => result?.keyIndex)).toEqual(
        texts.map((_, i) => Math.floor(i / 5) % 3),
      )
      const now = rotated.map((result, i) => result?.token ?? tokens[i] ?? "")
      expect(now.map((token) => keyring.decryptText(token))).toEqual(texts)
      expect(now.map((token) => keyring.extractTimestamp(token) - 1_600_000_000)).toEqual([
        ...texts.keys(),
      ])
      expect(new Set(now.map((token) => keyring.keyIndexOf(token)))).toEqual(new Set([0]))
    })

    test("makes no new token of one under the first key", () => {
      expect(keyring.rotateMany([keyring.encrypt("")])).toEqual([{ keyIndex: 0, token: undefined }])
    })

    test("leaves what no key opens", () => {
      const foreign = new Keyring([Fernet.generateKey()]).encrypt("")
      const far = forgeToken(PYTHON_OLD_KEY, Buffer.alloc(16, 16), 2n ** 53n)

      const rotated = keyring.rotateMany(["gAAAAA", foreign, far, old.encrypt("a")])

      expect(rotated.slice(0, 3)).toEqual([undefined, undefined, undefined])
      expect(keyring.decryptText(rotated[3]?.token ?? "")).toBe("a")
    })

    test("leaves nothing behind in memory", () => {
      keyring.rotateMany(old.encryptMany(texts))

      expect(leftover().equals(Buffer.alloc(CAPACITY))).toBe(true)
    })

    test("refuses an authentic token whose padding is wrong, and goes on working", () => {
      const forged = forgeToken(PYTHON_OLD_KEY, Buffer.alloc(16))

      for (const tokens of [
        [forged, old.encrypt("a")],
        [old.encrypt("a"), forged],
      ]) {
        expect(() => keyring.rotateMany(tokens)).toThrow(InvalidTokenError)
      }

      expect(leftover().equals(Buffer.alloc(CAPACITY))).toBe(true)
      const [rotated] = keyring.rotateMany([old.encrypt("a")])
      expect(keyring.decryptText(rotated?.token ?? "")).toBe("a")
    })
  })
})

describe("calls of the ciphers", () => {
  const { Keyring, TokenKey } = loadFernet("off")
  let calls: string[] = []

  /** A key that notes what is asked of it. */
  class WatchedKey extends TokenKey {
    override seal(...given: Parameters<Key["seal"]>): string {
      calls.push("seal")
      return super.seal(...given)
    }
    override sealBatch(batch: Batch): readonly string[] {
      calls.push(`seal ${batch.entries.length}`)
      return super.sealBatch(batch)
    }
    override openBatch(batch: Batch): void {
      calls.push(`open ${batch.entries.length}`)
      super.openBatch(batch)
    }
  }

  const watched = [PYTHON_KEY, PYTHON_OLD_KEY, VECTOR_KEY].map(
    (key) => new WatchedKey(parseKey(key)),
  ) as [WatchedKey, WatchedKey, WatchedKey]
  const keys = new Keyring(watched)
  const large = "a".repeat(CAPACITY)

  /** What is called to rotate tokens of texts under keys. */
  function callsToRotate(...tokens: readonly (readonly [key: number, text: string])[]): string[] {
    const given = tokens.map(([key, text]) => watched[key]?.seal(text, 0) ?? "")
    calls = []
    keys.rotateMany(given)
    return calls
  }

  test("are one to encrypt as many texts as it takes", () => {
    calls = []

    keys.encryptMany(["a", "b", "c"])

    expect(calls).toEqual(["seal 3"])
  })

  test("are made for a large text alone", () => {
    calls = []

    keys.encryptMany(["a", large, "b"])

    expect(calls).toEqual(["seal 1", "seal", "seal 1"])
  })

  test("are made anew when the next text does not fit", () => {
    calls = []

    keys.encryptMany(["a".repeat(21_000), "b".repeat(21_000)])

    expect(calls).toEqual(["seal 1", "seal 1"])
  })

  test("are one of each to rotate as many tokens as they take", () => {
    expect(callsToRotate([1, "a"], [1, "b"], [0, "c"], [1, "d"])).toEqual(["open 3", "seal 3"])
  })

  test("are made anew for each key that tokens are under", () => {
    expect(callsToRotate([1, "a"], [2, "b"], [2, "c"])).toEqual([
      ...["open 1", "seal 1"],
      ...["open 2", "seal 2"],
    ])
  })

  test("are made for a large token alone", () => {
    expect(callsToRotate([1, "a"], [1, large], [1, "b"])).toEqual([
      ...["open 1", "seal 1", "seal"],
      ...["open 1", "seal 1"],
    ])
  })

  test("need nothing in a batch before", () => {
    expect(callsToRotate([2, "a"])).toEqual(["open 1", "seal 1"])
    expect(callsToRotate()).toEqual(["open 0", "seal 0"])
  })
})

describe("TokenBatch", () => {
  const { Keyring, loadToken, TokenBatch, TokenKey } = loadFernet("off")
  const keyring = new Keyring([PYTHON_KEY])
  const key = new TokenKey(parseKey(PYTHON_KEY))
  const most = 21_839

  function load(token: string): TokenScratch {
    const scratch = loadToken(token)
    if (scratch === undefined) throw new Error("not a token")
    return scratch
  }

  test.each(["a", "€"])("takes so much text that it fits if all of it is as long as %s", (one) => {
    const batch = new TokenBatch()

    expect(batch.addPlaintext(one.repeat(most + 1), 0)).toBe(false)
    expect(batch.entries).toEqual([])
    expect(batch.addPlaintext(one.repeat(most), 0)).toBe(true)
    expect(batch.addPlaintext("€".repeat(most), 0)).toBe(false)
    expect(key.sealBatch(batch).map((token) => keyring.decryptText(token))).toEqual([
      one.repeat(most),
    ])
  })

  test("takes tokens up to its capacity", () => {
    const batch = new TokenBatch()
    const half = (): TokenScratch => load(key.seal("a".repeat(CAPACITY / 2 - 16 - 1), 0))

    expect(batch.addToken(half())).toBe(true)
    expect(batch.addToken(half())).toBe(true)
    expect(batch.bytes).toHaveLength(CAPACITY)
    expect(batch.addToken(load(key.seal("", 0)))).toBe(false)
    expect(batch.entries).toHaveLength(2)
  })

  test("is empty when its tokens are made", () => {
    const batch = new TokenBatch()
    batch.addPlaintext("a", 0)

    key.sealBatch(batch)

    expect(batch.entries).toEqual([])
    expect(batch.bytes).toHaveLength(0)
  })
})

import { createHmac } from "node:crypto"
import { createContext, runInContext } from "node:vm"

import { beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { InvalidTokenError } from "../../../src/errors"
import { BatchEngine } from "../../../src/fernet/batch-engine/batch-engine"
import type { BatchKey } from "../../../src/fernet/batch-engine/batch-key"
import { BatchMachine } from "../../../src/fernet/batch-engine/batch-machine"
import { AT, FIRST_WIPED, LIMITS } from "../../../src/fernet/batch-engine/layout"
import { testEngine } from "../../../src/fernet/batch-engine/self-test"
import { Fernet } from "../../../src/fernet/fernet"
import { Keyring } from "../../../src/fernet/keyring"
import { findText } from "../../../src/fernet/plaintext"
import { forgeToken } from "../reference"
import { stepByStepKey } from "./step-by-step-key"

const names = [0, 1, 2].map((i) => `${Buffer.alloc(32, i + 1).toString("base64url")}=`)
const rings = names.map((name) => new Keyring([name])) as [Keyring, Keyring, Keyring]
const [ring] = rings
let machine: BatchMachine
let engine: BatchEngine
let keys: [BatchKey, BatchKey, BatchKey]
let key: BatchKey

// A program that cannot be generated fails the tests, rather than that they do not load
beforeAll(() => {
  machine = new BatchMachine()
  engine = new BatchEngine(machine)
  keys = names.map((name) => stepByStepKey(engine, name)) as [BatchKey, BatchKey, BatchKey]
  key = keys[0]
})

const ignore = (): void => undefined

/** The longest plaintext that the engine takes. */
const LONGEST = LIMITS.blocks * 16 - 1

function isWiped(): boolean {
  return machine.bytes.subarray(FIRST_WIPED).every((byte) => byte === 0)
}

function opened(tokens: readonly string[], by: readonly BatchKey[] = keys): unknown {
  return engine.open(by, tokens, findText, ignore).results
}

describe("the engine", () => {
  test("passes its own test, on any machine made anew", () => {
    expect(() => {
      testEngine(new BatchEngine())
    }).not.toThrow()
  })

  test.each(["sign", "verify", "write", "unpad", "renew", "scatter"] as const)(
    "does not pass it if its program does not %s",
    (name) => {
      const broken = new BatchMachine()
      const program = { ...broken.program, [name]: () => 0 }
      const altered = new Proxy(broken, {
        get: (target, property) => {
          const value: unknown = property === "program" ? program : Reflect.get(target, property)
          return typeof value === "function" ? (value.bind(target) as unknown) : value
        },
      })

      expect(() => {
        testEngine(new BatchEngine(altered))
      }).toThrow()
    },
  )
})

describe("opening", () => {
  test("takes every length of text up to the longest, and leaves longer ones", () => {
    const texts = Array.from({ length: LONGEST + 2 }, (_, length) => "x".repeat(length))

    const { results, left } = engine.open(
      keys,
      texts.map((text, i) => (rings[i % 3] ?? ring).encrypt(text)),
      findText,
      ignore,
    )

    expect(left.positions).toEqual([LONGEST + 1])
    expect(results).toStrictEqual([...texts.slice(0, -1), undefined])
  })

  test("tells which key opens", () => {
    const told: number[] = []

    engine.open(
      keys,
      [rings[1].encrypt("a"), rings[2].encrypt("b"), "no token"],
      findText,
      (position) => {
        told.push(position)
      },
    )

    expect(told).toEqual([2])
  })

  test("tells which key opens the first alone", () => {
    const told: number[] = []

    engine.open(keys, [rings[1].encrypt("a"), "no token"], findText, (position) => {
      told.push(position)
    })

    expect(told).toEqual([1])
  })

  test("tells of no key if none opens", () => {
    const told: number[] = []

    engine.open([key], [rings[1].encrypt("a"), "no token"], findText, (position) => {
      told.push(position)
    })

    expect(told).toHaveLength(0)
  })

  test("decrypts nothing that no key signed", () => {
    let decrypted = 0
    const watched = {
      ...key,
      decryptBlocks: (blocks: Buffer) => {
        decrypted += blocks.length
        return key.decryptBlocks(blocks)
      },
    }
    const tokens = [rings[1].encrypt("a"), forgeToken(names[2] ?? "", Buffer.alloc(16, 16)), "x"]

    expect(opened(tokens, [watched])).toEqual([undefined, undefined, undefined])
    expect(decrypted).toBe(0)
    expect(opened([ring.encrypt("a"), ...tokens], [watched])).toEqual(["a", ...tokens.map(ignore)])
    expect(decrypted).toBe(32)
  })

  test("refuses a token out of which any bit was altered", () => {
    const bytes = Buffer.from(ring.encrypt("123-45-6789"), "base64url")
    const altered = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const copy = Buffer.from(bytes)
      copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      return `${copy.toString("base64url")}==`.slice(0, 100)
    })

    expect(new Set(engine.open(keys, altered, findText, ignore).results)).toEqual(
      new Set([undefined]),
    )
  })

  test("refuses every other character at every place of a token", () => {
    const tokens = ["", "x".repeat(16), "x".repeat(32)].map((text) => ring.encrypt(text))
    const others = [...Array.from("AQgwBz9-_=+/ \n\0é"), "\u0141", "\u{1f600}"]
    const altered = tokens.flatMap((token) =>
      Array.from(token).flatMap((character, at) =>
        others
          .filter((other) => other !== character)
          .map((other) => token.slice(0, at) + other + token.slice(at + 1)),
      ),
    )

    const { results } = engine.open(keys, altered, findText, ignore)

    expect(results.findIndex((text) => text !== undefined)).toBe(-1)
    expect(opened(tokens)).toEqual(["", "x".repeat(16), "x".repeat(32)])
  })

  test("reads those around what it refuses", () => {
    const wide = `\u0141${ring.encrypt("a").slice(1)}`
    const tokens = ["", wide, "x", "=".repeat(100), ring.encrypt("a").slice(0, -4)]

    for (const token of tokens) {
      expect(opened([ring.encrypt("before"), token, ring.encrypt("after")])).toEqual([
        ...["before", undefined, "after"],
      ])
    }
  })
})

describe("identifying", () => {
  test("finds the position of the key that signed each token", () => {
    const malformed = forgeToken(names[1] ?? "", Buffer.alloc(16))
    const tokens = [...rings.map((one) => one.encrypt("a")), malformed, "no token"]

    expect(engine.identify(keys, tokens).results).toEqual([0, 1, 2, 1, undefined])
    expect(engine.identify([keys[2], keys[1]], tokens).results).toEqual([
      ...[undefined, 1, 0, 1, undefined],
    ])
  })

  test("leaves what is too long, and decrypts nothing", () => {
    const tokens = [ring.encrypt("a"), ring.encrypt("x".repeat(LONGEST + 1))]
    const decryptBlocks = (): never => {
      throw new Error("It is decrypted.")
    }

    expect(engine.identify([{ ...key, decryptBlocks }], tokens)).toEqual({
      results: [0, undefined],
      left: { values: [tokens[1]], positions: [1] },
    })
  })
})

describe("sealing", () => {
  test("makes tokens of every length of text that single calls open", () => {
    const texts = Array.from({ length: LONGEST + 2 }, (_, length) => "x".repeat(length))

    const { results, left } = engine.seal(key, texts, 2 ** 33 + 5)

    expect(left.positions).toEqual([LONGEST + 1])
    for (const [i, token] of results.slice(0, -1).entries()) {
      expect(ring.decryptText(token ?? "")).toBe(texts[i])
      expect(ring.extractTimestamp(token ?? "")).toBe(2 ** 33 + 5)
    }
  })

  test("takes bytes as they are, among texts, up to the longest", () => {
    const bytes = Uint8Array.from({ length: LONGEST }, (_, i) => 255 - (i % 256))
    const plaintexts = ["a", bytes, "€", new Uint8Array(0), bytes.subarray(1)]

    const { results, left } = engine.seal(key, [...plaintexts, new Uint8Array(LONGEST + 1)], 7)

    expect(left.positions).toEqual([plaintexts.length])
    expect(results.slice(0, -1).map((token) => Buffer.from(ring.decrypt(token ?? "")))).toEqual(
      plaintexts.map((plaintext) => Buffer.from(plaintext as string)),
    )
    expect(engine.sign(key.states, plaintexts).results).toEqual(
      plaintexts.map((plaintext) =>
        createHmac("sha256", Buffer.alloc(16, 1)).update(plaintext).digest("hex"),
      ),
    )
  })

  test("makes an IV that neither the key nor what it encrypted before determines", () => {
    const [first, second] = [1, 2].map(
      () => engine.seal(stepByStepKey(engine, names[0] ?? ""), ["a"], 0).results[0],
    )

    expect(first).not.toBe(second)
  })

  test("leaves text that is too long in bytes", () => {
    const texts = ["€".repeat(LONGEST / 3), "€".repeat(LONGEST / 3 + 1), "é".repeat(LONGEST / 2)]

    expect(engine.seal(key, texts, 0).left).toEqual({
      values: ["€".repeat(LONGEST / 3 + 1)],
      positions: [1],
    })
  })

  test("gives each token an IV of its own, unpredictable from the one before", () => {
    const tokens = [1, 2, 3].flatMap(() => engine.seal(key, Array<string>(600).fill(""), 0).results)

    const ivs = tokens.map((token) => Buffer.from(token ?? "", "base64url").toString("hex", 9, 25))
    expect(new Set(ivs).size).toBe(1800)
  })
})

describe("rotating", () => {
  test("keeps text and timestamp, and leaves tokens under the new key", () => {
    const texts = Array.from({ length: 900 }, (_, i) => `é${i}`.repeat(i % 30))
    const times = texts.map((_, i) => [0, 2 ** 53 - 1, 1_700_000_000 + i][i % 3] ?? 0)
    const tokens = texts.map((text, i) =>
      (rings[Math.floor(i / 3) % 3] ?? ring).encryptAtTime(text, times[i] ?? 0),
    )

    const { results } = engine.rotate(keys, key, tokens)

    expect(results.map((result) => result?.keyIndex)).toEqual(
      texts.map((_, i) => Math.floor(i / 3) % 3),
    )
    for (const [i, result] of results.entries()) {
      expect(result?.token === undefined).toBe(result?.keyIndex === 0)
      const token = result?.token ?? tokens[i] ?? ""
      expect(ring.decryptText(token)).toBe(texts[i])
      expect(ring.extractTimestamp(token)).toBe(times[i])
    }
  })

  test("makes nothing where nothing is to be rotated", () => {
    const far = forgeToken(names[1] ?? "", Buffer.alloc(16, 16), 2n ** 53n)

    expect(engine.rotate(keys, key, [ring.encrypt("a"), "no token", far]).results).toEqual([
      ...[{ keyIndex: 0, token: undefined }, undefined, undefined],
    ])
  })

  test("leaves a token whose time is no number", () => {
    const far = [2n ** 53n, 2n ** 63n].flatMap((time) =>
      names.map((name) => forgeToken(name, Buffer.alloc(16, 16), time)),
    )

    const { results } = engine.rotate(keys, key, [...far, rings[1].encrypt("a")])

    expect(results.map((result) => result?.keyIndex)).toEqual([...far.map(ignore), 1])
  })

  test.each([[0], [15], [17], [1, 2]])(
    "refuses an authentic token whose padding is wrong: %j",
    (...last) => {
      const forged = forgeToken(
        names[1] ?? "",
        Buffer.from([...Array<number>(16 - last.length).fill(9), ...last]),
      )

      for (const tokens of [
        [forged, rings[1].encrypt("a")],
        [rings[2].encrypt("a"), forged],
      ]) {
        expect(() => engine.rotate(keys, key, tokens)).toThrow(InvalidTokenError)
      }
      expect(isWiped()).toBe(true)
    },
  )
})

describe("a chunk", () => {
  test.each([
    [1, LONGEST],
    [LIMITS.entries - 1, 0],
    [LIMITS.entries, 0],
    [LIMITS.entries + 1, 0],
    [LIMITS.entries, LONGEST],
    [2 * LIMITS.entries + 3, 1],
    [2000, 64],
  ])("holds what fits: %i texts of %i bytes go through all ways", (count, length) => {
    for (const one of ["x", "€"]) {
      const texts = Array.from({ length: count }, (_, i) =>
        `${i}`.slice(0, length).padEnd(length / Buffer.byteLength(one), one),
      )
      const sealed = engine.seal(keys[1], texts, 7)
      const tokens = sealed.results.map((token) => token ?? "")

      expect(sealed.left.positions).toEqual([])
      expect(opened(tokens)).toEqual(texts)
      const rotated = engine.rotate(keys, key, tokens).results
      expect(opened(rotated.map((result) => result?.token ?? ""))).toEqual(texts)
      expect(isWiped()).toBe(true)
    }
  })

  test("is never left by what is in it, whatever sizes come together", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: LONGEST }), { minLength: 150, maxLength: 700 })

    fc.assert(
      fc.property(sizes, fc.constantFrom("x", "é", "€"), (lengths, one) => {
        const texts = lengths.map((length) => one.repeat(length / Buffer.byteLength(one)))
        const tokens = engine.seal(key, texts, 7).results.map((token) => token ?? "")

        expect(opened(tokens)).toEqual(texts)
        expect(isWiped()).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test("leaves the constants of the program as they were", () => {
    const constants = Buffer.from(machine.bytes.subarray(0, FIRST_WIPED))
    const fresh = new BatchMachine()

    expect(constants.equals(fresh.bytes.subarray(0, FIRST_WIPED))).toBe(true)
  })
})

describe("memory", () => {
  const tokens = names.flatMap((name) =>
    ["a", "b".repeat(300)].map((text) => new Fernet(name).encrypt(text)),
  )

  test.each([
    ["opening", () => engine.open(keys, tokens, findText, ignore)],
    ["opening what is foreign", () => engine.open([key], tokens, findText, ignore)],
    ["sealing", () => engine.seal(key, ["a", "b€".repeat(99)], 0)],
    ["rotating", () => engine.rotate(keys, key, tokens)],
    ["signing", () => engine.sign(key.states, ["a", "b".repeat(300)])],
    ["signing what is not ASCII", () => engine.sign(key.states, ["€", "€".repeat(150)])],
    ["taking in a key", () => stepByStepKey(engine, names[0] ?? "")],
  ])("holds nothing after %s", (_what, work) => {
    work()

    expect(isWiped()).toBe(true)
  })

  test("holds nothing of one ring while another's batch runs", () => {
    const seen: boolean[] = []
    const watched = {
      ...keys[1],
      decryptBlocks: (blocks: Buffer) => {
        const state = Buffer.from(machine.bytes.subarray(AT.keyStates, AT.keyStates + 64))
        seen.push(state.equals(Buffer.from(keys[1].states.buffer)))
        return keys[1].decryptBlocks(blocks)
      },
    }
    engine.open([key], [ring.encrypt("a")], findText, ignore)

    engine.open([watched], [rings[1].encrypt("b")], findText, ignore)

    expect(seen).toEqual([true])
    expect(isWiped()).toBe(true)
  })

  test.each(["encryptBlocks", "decryptBlocks"] as const)(
    "holds nothing when %s throws, and the next batch is right",
    (method) => {
      const failing = {
        ...keys[1],
        [method]: () => {
          throw new Error("AES failed.")
        },
      }
      const work = {
        encryptBlocks: () => engine.seal(failing, ["secret"], 0),
        decryptBlocks: () => engine.open([key, failing], tokens, findText, ignore),
      }[method]

      expect(work).toThrow("AES failed.")

      expect(isWiped()).toBe(true)
      expect(opened([ring.encrypt("a")])).toEqual(["a"])
    },
  )

  test("holds nothing of a batch that never came back once the next one has begun", () => {
    const sandbox = createContext({
      work: () => {
        for (;;) opened(engine.seal(key, ["secret".repeat(50)], 0).results.map((one) => one ?? ""))
      },
    })

    // Ends wherever it is at that time, without running any finally
    expect((): unknown => runInContext("work()", sandbox, { timeout: 50 })).toThrow("timed out")

    expect(opened(tokens)).toEqual(names.flatMap(() => ["a", "b".repeat(300)]))
    expect(isWiped()).toBe(true)
  })
})

describe("code of the caller", () => {
  test("that a list runs when it is read runs before the batch", () => {
    const list = [ring.encrypt("outer 1"), "", ring.encrypt("outer 2")]
    Object.defineProperty(list, 1, {
      get: () => {
        expect(
          engine.open([keys[1]], [rings[1].encrypt("inner")], findText, ignore).results,
        ).toEqual(["inner"])
        return ring.encrypt("outer")
      },
    })

    expect(opened(list)).toEqual(["outer 1", "outer", "outer 2"])
  })

  test("is not run to make a string of what is none", () => {
    const none = { toString: () => ring.encrypt("a"), length: 100 } as unknown as string

    for (const work of [
      () => engine.open(keys, [none], findText, ignore),
      () => engine.seal(key, [none], 0),
      () => engine.rotate(keys, key, [none]),
      () => engine.sign(key.states, [none]),
      () => engine.open(keys, Array<string>(3), findText, ignore),
    ]) {
      expect(work).toThrow(TypeError)
    }
  })
})

import { createHmac } from "node:crypto"

import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { engineStates, type FernetModules } from "./engine-states"
import { bytesOf, forgeToken, padded, signToken } from "./reference"
import { generateVector, invalidVectors, VECTOR_KEY } from "./vectors"

type Ring = InstanceType<FernetModules["Keyring"]>

const keys = Array.from(
  { length: 5 },
  (_, i) => `${Buffer.alloc(32, 0x10 + i).toString("base64url")}=`,
)
/** In no ring. */
const foreignKey = `${Buffer.alloc(32, 0x77).toString("base64url")}=`
const ring = fc.shuffledSubarray(keys, { minLength: 1 })
const anyKey = fc.constantFrom(...keys, ...keys, foreignKey)

const text = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 70 }) },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  // About the longest that the engine takes, and beyond
  fc.integer({ min: 440, max: 490 }).map((length) => "x".repeat(length)),
  fc.constantFrom("\ufeff", "\ufffd", "\0", "x".repeat(2000)),
)
const time = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 53 - 1))
const seed = fc.nat()

/** Tokens as they are written, by node:crypto's own objects. */
const valid = fc.tuple(anyKey, text, time).map(([key, plaintext, timestamp]) => {
  const bytes = Buffer.from(plaintext)
  const length = 16 - (bytes.length % 16)
  const blocks = Buffer.concat([bytes, Buffer.alloc(length, length)])
  return forgeToken(key, blocks, BigInt(timestamp))
})

/** Authentic, and yet not right. */
const malformed = fc.oneof(
  fc
    .tuple(anyKey, fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map(([key, block]) => forgeToken(key, block)),
  fc
    .tuple(anyKey, fc.uint8Array({ maxLength: 40 }))
    .map(([key, bytes]) =>
      forgeToken(
        key,
        Buffer.concat([bytes, Buffer.alloc(16 - (bytes.length % 16), 16 - (bytes.length % 16))]),
      ),
    ),
  fc
    .tuple(anyKey, fc.bigInt(2n ** 53n, 2n ** 64n - 1n))
    .map(([key, far]) => forgeToken(key, Buffer.alloc(16, 16), far)),
  fc
    .tuple(anyKey, fc.uint8Array({ maxLength: 120 }))
    .map(([key, body]) => signToken(key, Buffer.concat([Buffer.of(0x80), body]))),
)

type Change = (token: string, seed: number) => string
const at = (token: string, place: number): number => place % Math.max(1, token.length)
const swap = (token: string, place: number, by: string): string =>
  token.slice(0, at(token, place)) + by + token.slice(at(token, place) + 1)

const changes: readonly Change[] = [
  (token, place) => token.slice(0, at(token, place)),
  (token, place) => token.slice(at(token, place)),
  (token, place) => swap(token, place, "A"),
  (token, place) => swap(token, place, "é"),
  // Of these, Node's decoder sees the low byte, a letter
  (token, place) => swap(token, place, String.fromCharCode(0x141 + (place % 58))),
  (token, place) => swap(token, place, "\ud800"),
  (token, place) => swap(token, place, ["+", "/", "=", " ", "\n", "\0"][place % 6] ?? ""),
  (token, place) => token.slice(0, at(token, place)) + "A" + token.slice(at(token, place)),
  (token, place) => token.replace(/.=/, ["A=", "B=", "/=", "9="][place % 4] ?? ""),
  (token) => token.replace(/=+$/, ""),
  (token) => `${token}=`,
  (token) => ` ${token}`,
  (token) => `${token}\n`,
  (token) => `${token}${token}`,
  (token) => token.replaceAll("-", "+").replaceAll("_", "/"),
  (token) => token.toLowerCase(),
  (token, place) => {
    const bytes = bytesOf(token)
    if (bytes.length > 0)
      bytes.writeUInt8(
        (bytes[place % bytes.length] ?? 0) ^ (1 << (place % 8)),
        place % bytes.length,
      )
    return padded(bytes)
  },
  (token, place) => padded(bytesOf(token).subarray(0, place % 200)),
]
const mutated = fc
  .tuple(fc.oneof(valid, malformed), fc.constantFrom(...changes), seed)
  .map(([token, change, place]) => change(token, place))

const other = fc.oneof(
  fc.string({ unit: "binary", maxLength: 150 }),
  fc.string({ unit: fc.constantFrom(...Array.from("AZaz09-_=")), maxLength: 750 }),
  fc.constantFrom("", "=", "gAAAAA", "\ud800", "x".repeat(70_000)),
  fc.constantFrom(generateVector.token, ...invalidVectors.map(({ token }) => token)),
)

const tokens = fc.array(
  fc.oneof({ weight: 6, arbitrary: valid }, { weight: 3, arbitrary: mutated }, malformed, other),
  { maxLength: 40 },
)
/** The same batch, long enough that it takes several runs of the engine. */
const manyTokens = fc
  .tuple(tokens, fc.integer({ min: 1, max: 40 }))
  .map(([list, times]) => Array.from({ length: times }, () => list).flat())

describe.each(engineStates)("with the engine %s, a batch", (state, modules) => {
  const { engineInUse, InvalidTokenError, keyIndexesOf, Keyring } = modules

  /** What a single call returns; `undefined` if it refuses the token. */
  function orUndefined<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidTokenError)
      return undefined
    }
  }

  test("goes the way that is under test", () => {
    expect(engineInUse() !== undefined).toBe(state === "on")
  })

  test("of any tokens under any ring is decrypted as single calls decrypt them", () => {
    fc.assert(
      fc.property(ring, manyTokens, (names, list) => {
        const keyring = new Keyring(names)
        const single = keyring.fork()

        expect(keyring.decryptMany(list)).toEqual(
          list.map((token) => orUndefined(() => single.decryptText(token))),
        )
        expect(keyring.decryptManyToBytes(list)).toEqual(
          list.map((token) => orUndefined(() => single.decrypt(token))),
        )
      }),
      { numRuns: 150 },
    )
  })

  test("of any tokens under any ring is told by its keys as single calls tell them", () => {
    fc.assert(
      fc.property(ring, manyTokens, (names, list) => {
        const keyring = new Keyring(names)
        const single = keyring.fork()

        expect(keyIndexesOf(keyring, list)).toEqual(list.map((token) => single.keyIndexOf(token)))
      }),
      { numRuns: 100 },
    )
  })

  test("of any tokens under any ring is rotated as single calls rotate them", () => {
    fc.assert(
      fc.property(ring, manyTokens, (names, list) => {
        const keyring = new Keyring(names)
        const signed = list.map((token) => keyring.keyIndexOf(token))
        const isRight = (token: string, i: number): boolean =>
          signed[i] === 0 || orUndefined(() => keyring.decrypt(token)) !== undefined
        const readable = list.filter(isRight)

        const rotated = keyring.rotateMany(readable)

        readable.forEach((token, i) => {
          expectRotation(keyring, token, rotated[i])
        })
      }),
      { numRuns: 100 },
    )
  })

  test("is refused as a whole if a token is authentic and malformed inside", () => {
    fc.assert(
      fc.property(tokens, fc.nat(), (list, place) => {
        const keyring = new Keyring(keys)
        const right = list.filter(
          (token) => orUndefined(() => keyring.decrypt(token)) !== undefined,
        )
        const forged = forgeToken(
          keys[1 + (place % 4)] ?? "",
          Buffer.alloc(16 * (1 + (place % 30))),
        )
        right.splice(place % (right.length + 1), 0, forged)

        expect(() => keyring.rotateMany(right)).toThrow(InvalidTokenError)
      }),
    )
  })

  test("of any texts is encrypted so that single calls decrypt it", () => {
    const wellFormed = text.filter((plaintext) => plaintext.isWellFormed())

    fc.assert(
      fc.property(ring, fc.array(wellFormed, { maxLength: 60 }), (names, texts) => {
        const keyring = new Keyring(names)
        const begin = Math.floor(Date.now() / 1000)

        const made = keyring.encryptMany(texts)

        expect(made.map((token) => keyring.decryptText(token))).toEqual(texts)
        expect(new Set(made.map((token) => keyring.keyIndexOf(token))).has(undefined)).toBe(false)
        expect(made.every((token) => keyring.keyIndexOf(token) === 0)).toBe(true)
        expect(made.every((token) => keyring.extractTimestamp(token) >= begin)).toBe(true)
        expect(made.map((token) => token.length)).toEqual(
          texts.map((plaintext) => keyring.encrypt(plaintext).length),
        )
      }),
    )
  })

  test("of any texts and bytes is encrypted so that single calls decrypt it", () => {
    const plaintext = fc.oneof(
      text.filter((one) => one.isWellFormed()),
      fc.uint8Array({ maxLength: 500 }),
    )

    fc.assert(
      fc.property(ring, fc.array(plaintext, { maxLength: 60 }), (names, plaintexts) => {
        const keyring = new Keyring(names)

        const made = keyring.encryptMany(plaintexts)

        expect(made.map((token) => Buffer.from(keyring.decrypt(token)))).toEqual(
          plaintexts.map((one) => Buffer.from(one as string)),
        )
        expect(made.every((token) => keyring.keyIndexOf(token) === 0)).toBe(true)
      }),
    )
  })

  test("gives each token bytes of its own", () => {
    const keyring = new Keyring(keys)
    const list = Array<string>(6).fill(keyring.encrypt(Buffer.of(1, 2)))

    const opened = keyring.decryptManyToBytes(list)
    opened[0]?.fill(0)

    expect(opened.slice(1)).toEqual(Array(5).fill(Uint8Array.of(1, 2)))
  })

  test("of any messages is signed as single calls sign them", () => {
    const message = fc.oneof(text, fc.uint8Array({ maxLength: 600 }))

    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.array(message, { maxLength: 60 }),
        (key, messages) => {
          const tags = modules.tagsOf(new modules.TokenMac(key), messages)

          expect(tags).toEqual(
            messages.map((one) => createHmac("sha256", key).update(one).digest("hex")),
          )
        },
      ),
      { numRuns: 150 },
    )
  })

  test("of texts with a lone surrogate is refused, wherever it is", () => {
    const keyring = new Keyring(keys)

    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 20 }), fc.nat(), (texts, place) => {
        // Two halves of one character, in two texts
        for (const lone of [["\ud83d", "\ude00"], ["\ud83d"], ["x\ude00"]]) {
          const list = texts.slice()
          list.splice(place % (texts.length + 1), 0, ...lone)

          expect(() => keyring.encryptMany(list)).toThrow(TypeError)
        }
      }),
    )
  })

  test("of the specification's vectors is taken and refused as the specification says", () => {
    const keyring = new Keyring([VECTOR_KEY])
    const list = [generateVector.token, ...invalidVectors.map(({ token }) => token)]

    const read = keyring.decryptMany(list)

    expect(read[0]).toBe(generateVector.src)
    // Two, which hold no text, are refused for their age alone
    expect(read.slice(1)).toEqual(
      invalidVectors.map(({ desc }) => (/TS|TTL/.test(desc) ? "" : undefined)),
    )
  })

  function expectRotation(
    keyring: Ring,
    token: string,
    rotated: ReturnType<Ring["rotateMany"]>[number],
  ): void {
    const keyIndex = keyring.keyIndexOf(token)
    const timestamp = orUndefined(() => keyring.extractTimestamp(token))
    if (keyIndex === undefined || timestamp === undefined) {
      expect(rotated).toBeUndefined()
      return
    }
    expect(rotated?.keyIndex).toBe(keyIndex)
    expect(rotated?.token === undefined).toBe(keyIndex === 0)
    if (rotated?.token === undefined) return
    expect(keyring.decrypt(rotated.token)).toEqual(keyring.decrypt(token))
    expect(keyring.extractTimestamp(rotated.token)).toBe(timestamp)
    expect(keyring.keyIndexOf(rotated.token)).toBe(0)
  }
})

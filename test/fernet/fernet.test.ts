import { createHash } from "node:crypto"
import { inspect } from "node:util"

import { afterEach, describe, expect, jest, test } from "@jest/globals"

import { InvalidTokenError, KeyError } from "../../src/errors"
import { Fernet } from "../../src/fernet/fernet"
import { pythonBytes, PYTHON_KEY, pythonTexts, PYTHON_TIME } from "./python-tokens"
import { bytesOf, forgeToken, padded, signToken } from "./reference"

const SSN = "123-45-6789"
const fernet = new Fernet(PYTHON_KEY)

afterEach(() => {
  jest.useRealTimers()
})

describe("Fernet", () => {
  test("makes keys of 32 random bytes in URL-safe Base64", () => {
    const keys = new Set(Array.from({ length: 100 }, () => Fernet.generateKey()))

    expect(keys.size).toBe(100)
    for (const key of keys)
      expect(new Fernet(key).decryptText(new Fernet(key).encrypt(SSN))).toBe(SSN)
  })

  test("refuses what is not a key", () => {
    expect(() => new Fernet("secret")).toThrow(KeyError)
  })

  test("shows of its key nothing but a fingerprint", () => {
    const digest = createHash("sha256").update(Buffer.from(PYTHON_KEY, "base64url")).digest("hex")
    fernet.decrypt(fernet.encrypt(SSN))

    expect(fernet.fingerprint).toMatch(/^[0-9a-f]{8}$/)
    expect(digest).not.toContain(fernet.fingerprint)
    expect(JSON.stringify(fernet)).toBe(`{"fingerprint":"${fernet.fingerprint}"}`)
    expect(inspect(fernet, { showHidden: true, depth: Infinity })).toBe(
      `Fernet { fingerprint: '${fernet.fingerprint}' }`,
    )
  })

  test("has a fingerprint that depends on all of the key", () => {
    const bytes = Buffer.from(PYTHON_KEY, "base64url")
    const prints = [0, 15, 16, 31].map((position) => {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(0xff, position)
      return new Fernet(padded(changed)).fingerprint
    })

    expect(new Set([...prints, fernet.fingerprint]).size).toBe(5)
    expect(fernet.fingerprint).toBe("5a3448ce")
  })
})

describe("Fernet.encrypt", () => {
  test("stamps the token with the current time, in whole seconds", () => {
    jest.useFakeTimers({ now: 1_700_000_000_999 })

    expect(fernet.extractTimestamp(fernet.encrypt(SSN))).toBe(1_700_000_000)
  })

  test("takes an IV from the random source, not from what is in memory", () => {
    const ivs = Array.from({ length: 600 }, () =>
      bytesOf(fernet.encrypt("")).toString("hex", 9, 25),
    )

    expect(new Set(ivs).size).toBe(600)
  })

  test.each([
    [0, 100],
    [15, 100],
    [16, 120],
    [31, 120],
    [32, 140],
  ])("turns %d bytes into %d characters", (bytes, characters) => {
    expect(fernet.encrypt(new Uint8Array(bytes))).toHaveLength(characters)
  })

  test.each(["\ud800", "a\udc00b", "\udc00\ud800"])("refuses a lone surrogate (%j)", (text) => {
    expect(() => fernet.encrypt(text)).toThrow(
      new TypeError(
        'The "plaintext" argument must be well-formed Unicode. It holds a lone surrogate, which has ' +
          "no UTF-8 form; pass a Uint8Array to encrypt arbitrary bytes.",
      ),
    )
  })

  test.each([undefined, null, 42, {}, [1, 2], new Uint16Array(1), new String("a")])(
    "refuses a plaintext that is neither text nor bytes (%p)",
    (plaintext) => {
      expect(() => fernet.encrypt(plaintext as string)).toThrow(
        new TypeError(
          'The "plaintext" argument must be of type string or an instance of Uint8Array.',
        ),
      )
    },
  )
})

describe("Fernet.encryptAtTime", () => {
  test.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
    "stamps the token with the time %d",
    (timestamp) => {
      const token = fernet.encryptAtTime(SSN, timestamp)

      expect(fernet.extractTimestamp(token)).toBe(timestamp)
      expect(bytesOf(token).readBigUInt64BE(1)).toBe(BigInt(timestamp))
    },
  )

  test.each([-1, 1.5, Infinity, NaN, Number.MAX_SAFE_INTEGER + 1])(
    "refuses the time %d",
    (time) => {
      expect(() => fernet.encryptAtTime(SSN, time)).toThrow(
        new RangeError('The "timestamp" argument must be a whole number of seconds, 0 or more.'),
      )
    },
  )

  test.each([undefined, "1700000000", 1n])("refuses a time that is not a number (%p)", (time) => {
    expect(() => fernet.encryptAtTime(SSN, time as unknown as number)).toThrow(
      new TypeError('The "timestamp" argument must be of type number.'),
    )
  })
})

describe("Fernet.decrypt", () => {
  test.each(pythonTexts)("reads what Python wrote: $name", ({ text, token }) => {
    expect(fernet.decryptText(token)).toBe(text)
    expect(Buffer.from(fernet.decrypt(token)).toString()).toBe(text)
    expect(fernet.extractTimestamp(token)).toBe(PYTHON_TIME)
  })

  test("reads a token given as bytes", () => {
    const token = fernet.encrypt(SSN)

    expect(fernet.decryptText(Buffer.from(token))).toBe(SSN)
    expect(fernet.decryptText(new TextEncoder().encode(token))).toBe(SSN)
  })

  test("returns a Uint8Array that shares no memory with another", () => {
    const first = fernet.decrypt(fernet.encrypt(SSN))
    const second = fernet.decrypt(fernet.encrypt("987-65-4321"))

    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype)
    expect(first.buffer.byteLength).toBe(SSN.length)
    expect(Buffer.from(first).toString()).toBe(SSN)
    expect(Buffer.from(second).toString()).toBe("987-65-4321")
  })

  test.each([
    ["under another key", new Fernet(Fernet.generateKey()).encrypt(SSN)],
    [
      "without a plaintext's worth of blocks",
      signToken(PYTHON_KEY, Buffer.alloc(1 + 8 + 16, 0x80)),
    ],
    ["with half a block", signToken(PYTHON_KEY, Buffer.alloc(1 + 8 + 16 + 24, 0x80))],
    ["of version 0x81", signToken(PYTHON_KEY, Buffer.alloc(1 + 8 + 16 + 16, 0x81))],
    ["with padding of length 0", forgeToken(PYTHON_KEY, Buffer.alloc(16, 0))],
    ["with padding longer than a block", forgeToken(PYTHON_KEY, Buffer.alloc(32, 17))],
    ["with uneven padding", forgeToken(PYTHON_KEY, Buffer.from("61".repeat(13) + "030203", "hex"))],
    ["without its padding characters", fernet.encrypt(SSN).replace(/=+$/, "")],
    ["with a line break after it", `${fernet.encrypt(SSN)}\n`],
    ["that is empty", ""],
    ["that is a plaintext", SSN],
  ])("refuses a token %s, with the same error", (_, token) => {
    for (const text of [token, Buffer.from(token)]) {
      expect(() => fernet.decrypt(text)).toThrow(InvalidTokenError)
      expect(() => fernet.decryptText(text)).toThrow("The token is invalid.")
    }
  })

  test("refuses a token spelt with stray bits in its last character", () => {
    const token = fernet.encrypt("")
    const twin = token.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`)

    expect(bytesOf(twin).equals(bytesOf(token))).toBe(true)
    expect(() => fernet.decrypt(twin)).toThrow(InvalidTokenError)
  })

  test("opens a token with padding that fills a block", () => {
    expect(fernet.decrypt(forgeToken(PYTHON_KEY, Buffer.alloc(16, 16)))).toHaveLength(0)
  })

  test.each([undefined, null, 42, {}, new Uint16Array(50)])(
    "refuses a token that is neither text nor bytes (%p)",
    (token) => {
      expect(() => fernet.decrypt(token as string)).toThrow(
        new TypeError('The "token" argument must be of type string or an instance of Uint8Array.'),
      )
    },
  )
})

describe("Fernet.decryptText", () => {
  test("refuses a plaintext that is not UTF-8, which decrypt returns", () => {
    expect(() => fernet.decryptText(pythonBytes)).toThrow(InvalidTokenError)
    expect(Buffer.from(fernet.decrypt(pythonBytes)).toString("hex")).toBe("fffe000180")
  })

  test.each(["eda080", "c080", "f4908080", "c3"])("refuses the bytes %s", (hex) => {
    const token = fernet.encrypt(Buffer.from(hex, "hex"))

    expect(() => fernet.decryptText(token)).toThrow(InvalidTokenError)
  })

  test.each(["\ufffd", "Zoë \ufffd", "\ufeffwith a byte order mark", "\0"])(
    "returns %j as it was",
    (text) => {
      expect(fernet.decryptText(fernet.encrypt(text))).toBe(text)
    },
  )
})

import { createHmac, hkdfSync } from "node:crypto"
import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { InvalidTokenError } from "../../src/errors"
import { parseKey } from "../../src/fernet/key"
import { readBytes, readText } from "../../src/fernet/plaintext"
import { TokenKey } from "../../src/fernet/token-key"
import { loadToken, scratchFor, type TokenScratch } from "../../src/fernet/token-scratch"
import { PYTHON_KEY } from "./python-tokens"
import { bytesOf, forgeToken } from "./reference"

const NOTE = "The patient was seen on time."

function load(token: string): TokenScratch {
  const scratch = loadToken(token)
  if (scratch === undefined) throw new Error("not a token")
  return scratch
}

describe("TokenKey", () => {
  test("wipes the bytes that it was made from", () => {
    const bytes = parseKey(PYTHON_KEY)

    new TokenKey(bytes)

    expect(bytes.equals(Buffer.alloc(32))).toBe(true)
  })

  test("makes an IV that neither the key nor what is in memory determines", () => {
    const ivs = [1, 2].map(() => {
      scratchFor(2).bytes.fill(0)
      return bytesOf(new TokenKey(parseKey(PYTHON_KEY)).seal(NOTE, 0)).toString("hex", 9, 25)
    })

    expect(ivs[0]).not.toBe(ivs[1])
  })

  test("seals as a cipher of its own would under the same IV, token after token", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))

    for (const text of [NOTE, "", NOTE.repeat(9), "a"]) {
      const token = key.seal(text, 1_700_000_000)
      expect(key.seal(text, 1_700_000_000, bytesOf(token).subarray(9, 25))).toBe(token)
    }
  })

  test("leaves no plaintext in scratch memory", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))

    const token = key.seal(NOTE, 0)
    expect(scratchFor(2).bytes.includes(NOTE.slice(0, 8))).toBe(false)

    key.decrypt(load(token), readText)
    expect(scratchFor(2).bytes.includes(NOTE.slice(0, 8))).toBe(false)
  })

  test("wipes the decrypted bytes, also when reading them fails", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))
    const token = key.seal(NOTE, 0)
    const seen: Buffer[] = []

    const length = key.decrypt(load(token), (padded, start, end) => {
      seen.push(padded)
      return end - start
    })
    const fail = (padded: Buffer): never => {
      seen.push(padded)
      throw new Error("unreadable")
    }

    expect(length).toBe(NOTE.length)
    expect(() => key.decrypt(load(token), fail)).toThrow("unreadable")
    expect(seen.map((padded) => padded.equals(Buffer.alloc(48)))).toEqual([true, true])
  })

  test("goes on working after a token whose padding is wrong", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))
    const token = key.seal(NOTE, 0)

    expect(() => key.decrypt(load(forgeToken(PYTHON_KEY, Buffer.alloc(16))), readBytes)).toThrow(
      InvalidTokenError,
    )
    expect(key.decrypt(load(token), readText)).toBe(NOTE)
  })

  test("knows its own tokens by all 32 bytes of the HMAC", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))
    const token = bytesOf(key.seal("", 0))

    for (let position = token.length - 32; position < token.length; position++) {
      const forged = Buffer.from(token)
      forged.writeUInt8(token.readUInt8(position) ^ 1, position)
      expect(key.signed(load(forged.toString("base64url") + "=="))).toBe(false)
    }
    expect(key.signed(load(token.toString("base64url") + "=="))).toBe(true)
  })
})

describe("TokenKey.deriveMac", () => {
  test("returns the HMAC under what HKDF makes of all 32 bytes and the purpose", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))
    const ikm = Buffer.from(PYTHON_KEY, "base64url")

    for (const info of ["", "café", "x".repeat(1024)]) {
      const derived = hkdfSync("sha256", ikm, Buffer.alloc(0), Buffer.from(info), 32)
      const hmac = createHmac("sha256", Buffer.from(derived)).update(NOTE).digest("hex")

      expect(key.deriveMac(info).tagOf(Buffer.from(" ".repeat(64) + NOTE), "hex")).toBe(hmac)
    }
  })

  test("keeps what it derives from to itself", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))

    expect(inspect(key.deriveMac("purpose"), { showHidden: true })).toBe("TokenMac {}")
    expect(Object.keys(key)).toEqual(["fingerprint"])
  })

  test("derives the same from the same purpose, whatever it derived in between", () => {
    const key = new TokenKey(parseKey(PYTHON_KEY))
    const tag = (info: string): string => key.deriveMac(info).tagOf(Buffer.alloc(64), "hex")

    const before = tag("a")
    tag("b")

    expect(tag("a")).toBe(before)
  })
})

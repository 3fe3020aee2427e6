import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { InvalidTokenError } from "../../src/errors"
import { Fernet } from "../../src/fernet/fernet"
import { parseKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"
import { looksLikeToken, tokenShape } from "../../src/fernet/token-format"
import { bytesOf, forgeToken, padded } from "./reference"

const KEY = Fernet.generateKey()
const fernet = new Fernet(KEY)

const bytes = fc.uint8Array({ maxLength: 200 })
const text = fc.string({ unit: "binary", maxLength: 100 })
const time = fc.maxSafeNat()
/** A position in a list, as a fraction of its length. */
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

function at(share: number, length: number): number {
  return Math.floor(share * length)
}

describe("a key", () => {
  test("reads back as the 32 bytes that it spells", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const key = `${Buffer.from(bytes).toString("base64url")}=`

        expect(new Uint8Array(parseKey(key))).toEqual(bytes)
      }),
    )
  })
})

describe("a token", () => {
  test("opens to the text that was encrypted", () => {
    fc.assert(
      fc.property(text, (plaintext) => {
        expect(fernet.decryptText(fernet.encrypt(plaintext))).toBe(plaintext)
      }),
    )
  })

  test("opens to the bytes that were encrypted, and tells when", () => {
    fc.assert(
      fc.property(bytes, time, (plaintext, timestamp) => {
        const token = fernet.encryptAtTime(plaintext, timestamp)

        expect(fernet.decrypt(token)).toEqual(plaintext)
        expect(fernet.extractTimestamp(token)).toBe(timestamp)
        expect(tokenShape(token)).toBe("token")
        expect(looksLikeToken(token)).toBe(true)
      }),
    )
  })

  test("opens if node:crypto wrote it step by step", () => {
    fc.assert(
      fc.property(bytes, (plaintext) => {
        const length = 16 - (plaintext.length % 16)
        const blocks = Buffer.concat([plaintext, Buffer.alloc(length, length)])

        expect(fernet.decrypt(forgeToken(KEY, blocks))).toEqual(plaintext)
      }),
    )
  })

  test("does not open with any bit changed", () => {
    fc.assert(
      fc.property(bytes, fraction, fc.nat(7), (plaintext, share, bit) => {
        const forged = bytesOf(fernet.encrypt(plaintext))
        const position = at(share, forged.length)
        forged.writeUInt8(forged.readUInt8(position) ^ (1 << bit), position)

        expect(() => fernet.decrypt(padded(forged))).toThrow(InvalidTokenError)
      }),
      { numRuns: 300 },
    )
  })

  test("does not open cut short, as bytes or as text", () => {
    fc.assert(
      fc.property(bytes, fraction, (plaintext, share) => {
        const token = fernet.encrypt(plaintext)
        const whole = bytesOf(token)

        const fewerBytes = padded(whole.subarray(0, at(share, whole.length)))
        const fewerCharacters = token.slice(0, at(share, token.length))

        expect(() => fernet.decrypt(fewerBytes)).toThrow(InvalidTokenError)
        expect(() => fernet.decrypt(fewerCharacters)).toThrow(InvalidTokenError)
      }),
    )
  })

  test("does not open with any character changed", () => {
    const character = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom(...Array.from("ABQgwz09-_=+/ \n")),
      // Node's decoder takes these for letters of its alphabet
      fc.integer({ min: 0x141, max: 0x17a }).map((code) => String.fromCharCode(code)),
    )

    fc.assert(
      fc.property(bytes, fraction, character, (plaintext, share, other) => {
        const token = fernet.encrypt(plaintext)
        const position = at(share, token.length)
        fc.pre(token[position] !== other)

        const changed = token.slice(0, position) + other + token.slice(position + 1)

        expect(() => fernet.decrypt(changed)).toThrow(InvalidTokenError)
      }),
      { numRuns: 500 },
    )
  })

  test("has no other spelling: whatever Node decodes to its bytes is refused", () => {
    const token = fernet.encrypt("123-45-6789")
    const spellings = fc.tuple(fraction, fc.string({ minLength: 1, maxLength: 3 }))

    fc.assert(
      fc.property(spellings, ([share, inserted]) => {
        const position = at(share, token.length + 1)
        const text = token.slice(0, position) + inserted + token.slice(position)

        expect(() => fernet.decrypt(text)).toThrow(InvalidTokenError)
      }),
    )
  })
})

describe("a ring", () => {
  const keys = Array.from({ length: 5 }, () => Fernet.generateKey())
  const order = fc.shuffledSubarray(keys, { minLength: 1 })

  test("encrypts under its first key and opens tokens under any, in any order", () => {
    fc.assert(
      fc.property(order, fc.array(fraction, { maxLength: 10 }), text, (ring, picks, plaintext) => {
        const keyring = new Keyring(ring)

        expect(keyring.keyIndexOf(keyring.encrypt(plaintext))).toBe(0)
        for (const index of picks.map((share) => at(share, ring.length))) {
          const token = new Fernet(ring[index] ?? "").encrypt(plaintext)
          expect(keyring.keyIndexOf(token)).toBe(index)
          expect(keyring.decryptText(token)).toBe(plaintext)
        }
      }),
    )
  })

  test("rotates to its first key, keeping plaintext and timestamp", () => {
    fc.assert(
      fc.property(order, fraction, bytes, time, (ring, share, plaintext, timestamp) => {
        const stale = new Fernet(ring[at(share, ring.length)] ?? "")

        const token = new Keyring(ring).rotate(stale.encryptAtTime(plaintext, timestamp))

        const first = new Fernet(ring[0] ?? "")
        expect(first.decrypt(token)).toEqual(plaintext)
        expect(first.extractTimestamp(token)).toBe(timestamp)
      }),
    )
  })
})

describe("a text", () => {
  test("is called malformed if it begins like a token, and only then", () => {
    const head = fc.constantFrom("", "gAAAAA", "gAAAAAB", " gAAAAAD", "\ufeffgAAAAAC", "gAAAAAE")
    const tail = fc.stringMatching(/^[\w\s=-]{0,9}$/)

    fc.assert(
      fc.property(head, tail, (begin, end) => {
        const damaged = /^\s*gAAAAA[A-D]\S*\s*$/.test(begin + end)
        expect(tokenShape(begin + end)).toBe(damaged ? "malformed" : "plaintext")
        expect(looksLikeToken(begin + end)).toBe(damaged)
      }),
    )
  })
})

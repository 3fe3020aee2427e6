import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { InvalidTokenError, KeyError } from "../../src/errors"
import { Fernet } from "../../src/fernet/fernet"
import { Keyring } from "../../src/fernet/keyring"
import { PYTHON_KEY, PYTHON_OLD_KEY, pythonRotated, PYTHON_TIME } from "./python-tokens"
import { bytesOf, forgeToken, padded } from "./reference"

const SSN = "123-45-6789"
const current = new Fernet(PYTHON_KEY)
const old = new Fernet(PYTHON_OLD_KEY)
const foreign = new Fernet(Fernet.generateKey())

describe("Keyring", () => {
  const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY])

  test("encrypts under its first key", () => {
    const token = keyring.encrypt(SSN)
    const dated = keyring.encryptAtTime(Buffer.from(SSN), PYTHON_TIME)

    expect(current.decryptText(token)).toBe(SSN)
    expect(current.decryptText(dated)).toBe(SSN)
    expect(keyring.extractTimestamp(dated)).toBe(PYTHON_TIME)
  })

  test("decrypts under any of its keys, whichever worked last", () => {
    const tokens = [current, old, old, current, current].map((key) => key.encrypt(SSN))

    expect(tokens.map((token) => keyring.decryptText(token))).toEqual(Array(5).fill(SSN))
    expect(tokens.map((token) => keyring.decrypt(token).length)).toEqual(Array(5).fill(11))
  })

  test("refuses a token under none of its keys", () => {
    const token = foreign.encrypt(SSN)

    for (const refuse of ["decrypt", "decryptText", "extractTimestamp", "rotate"] as const) {
      expect(() => keyring[refuse](token)).toThrow(InvalidTokenError)
    }
  })

  test("lists its keys' fingerprints in order", () => {
    expect(keyring.fingerprints).toEqual([current.fingerprint, old.fingerprint])
  })

  test("shows of its keys nothing but their fingerprints", () => {
    const shown = inspect(keyring, { showHidden: true, depth: Infinity })

    expect(shown).toBe(
      `Keyring { fingerprints: [ '${current.fingerprint}', '${old.fingerprint}', [length]: 2 ] }`,
    )
    expect(JSON.parse(JSON.stringify(keyring))).toEqual({ fingerprints: keyring.fingerprints })
  })

  test("reads its keys from the environment", () => {
    const read = Keyring.fromEnv({ ENCRYPTION_KEY: `${PYTHON_KEY},${PYTHON_OLD_KEY}` })

    expect(read.fingerprints).toEqual(keyring.fingerprints)
  })

  test("refuses an empty list of keys", () => {
    expect(() => new Keyring([])).toThrow(expect.objectContaining({ code: "ERR_KEY_MISSING" }))
  })

  test.each([
    ["malformed", "secret"],
    ["given before", PYTHON_KEY],
    ["like another in its signing half", sharingSigningHalf(PYTHON_KEY)],
  ])("refuses a key that is %s, naming its position and none of it", (_, key) => {
    const make = (): Keyring => new Keyring([PYTHON_KEY, PYTHON_OLD_KEY, key])

    expect(make).toThrow(KeyError)
    expect(make).toThrow(/^Key 3 of 3 /)
    expect(make).not.toThrow(key)
  })

  test("says which key has the same signing half, and what to do", () => {
    const keys = [PYTHON_OLD_KEY, PYTHON_KEY, sharingSigningHalf(PYTHON_KEY)]

    expect(() => new Keyring(keys)).toThrow(
      new KeyError(
        "ERR_KEY_INVALID",
        "Key 3 of 3 has the same signing half as key 2; replace one of them.",
      ),
    )
    expect(() => new Keyring(keys)).toThrow(expect.objectContaining({ code: "ERR_KEY_INVALID" }))
  })

  test("takes keys that share their encryption half, which no token confuses", () => {
    const twin = Buffer.from(PYTHON_KEY, "base64url").fill(0, 0, 16)
    const ring = new Keyring([PYTHON_KEY, padded(twin)])

    expect(ring.keyIndexOf(new Fernet(padded(twin)).encrypt(SSN))).toBe(1)
  })
})

describe("Keyring.rotate", () => {
  const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY])

  test("puts the plaintext under the first key and keeps the timestamp", () => {
    const token = keyring.rotate(pythonRotated.before)

    expect(current.decryptText(token)).toBe(SSN)
    expect(current.extractTimestamp(token)).toBe(PYTHON_TIME)
    expect(current.decryptText(pythonRotated.after)).toBe(SSN)
  })

  test("writes a token anew that is under the first key already, with a fresh IV", () => {
    const token = keyring.rotate(Buffer.from(pythonRotated.after))

    const iv = (text: string): string => bytesOf(text).toString("hex", 9, 25)
    expect(current.decryptText(token)).toBe(SSN)
    expect(iv(token)).not.toBe(iv(pythonRotated.after))
  })

  test("refuses a token that is authentic but has no proper padding", () => {
    expect(() => keyring.rotate(forgeToken(PYTHON_OLD_KEY, Buffer.alloc(16)))).toThrow(
      InvalidTokenError,
    )
  })

  test("refuses a timestamp that a number cannot hold rather than round it", () => {
    const distant = forgeToken(PYTHON_OLD_KEY, Buffer.alloc(16, 16), 2n ** 53n)

    expect(() => keyring.rotate(distant)).toThrow(InvalidTokenError)
  })
})

describe("Keyring.keyIndexOf", () => {
  test("returns the position of the key that signed the token", () => {
    const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY])

    expect([old, current, old, foreign].map((key) => keyring.keyIndexOf(key.encrypt(SSN)))).toEqual(
      [1, 0, 1, undefined],
    )
  })

  test.each(["", SSN, "gAAAAA", `${old.encrypt(SSN)}=`])("returns undefined for %j", (text) => {
    expect(new Keyring([PYTHON_OLD_KEY]).keyIndexOf(text)).toBeUndefined()
  })

  test("names the key of a token whose padding is wrong, since the HMAC decides", () => {
    expect(new Keyring([PYTHON_KEY]).keyIndexOf(forgeToken(PYTHON_KEY, Buffer.alloc(16)))).toBe(0)
  })
})

describe("Keyring.fork", () => {
  test("returns a keyring of the same keys in the same order", () => {
    const fork = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY]).fork()

    expect(fork.fingerprints).toEqual([current.fingerprint, old.fingerprint])
    expect(current.decryptText(fork.encrypt(SSN))).toBe(SSN)
    expect(fork.decryptText(old.encrypt(SSN))).toBe(SSN)
  })
})

describe("Keyring.deriveMacs", () => {
  test("derives from each key, in order", () => {
    const tagsOf = (ring: Keyring): string[] =>
      ring.deriveMacs("purpose").map((mac) => mac.tagOf(Buffer.alloc(64), "hex"))

    const tags = tagsOf(new Keyring([PYTHON_KEY, PYTHON_OLD_KEY]))

    expect(tags).toEqual([PYTHON_KEY, PYTHON_OLD_KEY].flatMap((key) => tagsOf(new Keyring([key]))))
    expect(new Set(tags).size).toBe(2)
  })
})

function sharingSigningHalf(key: string): string {
  return padded(Buffer.from(key, "base64url").fill(0, 16))
}

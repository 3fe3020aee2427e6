import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"

import { InvalidTokenError } from "../../src/errors"
import { Fernet } from "../../src/fernet/fernet"
import { Keyring } from "../../src/fernet/keyring"
import { PYTHON_KEY } from "./python-tokens"
import { forgeToken } from "./reference"

const NOW = 1_700_000_000

describe.each([
  ["Fernet", new Fernet(PYTHON_KEY)],
  ["Keyring", new Keyring([Fernet.generateKey(), PYTHON_KEY])],
])("time to live of %s", (_, keys) => {
  const token = new Fernet(PYTHON_KEY).encryptAtTime("123-45-6789", NOW)

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW * 1000 })
  })

  afterEach(() => {
    jest.useRealTimers()
  })

  test.each([
    [60, NOW + 60],
    [0, NOW],
    [0, NOW - 60],
    [Infinity, NOW + 1e9],
  ])("with %d seconds the token opens at %d", (ttl, now) => {
    expect(keys.decryptAtTime(token, ttl, now)).toHaveLength(11)
  })

  test.each([
    ["too old", 60, NOW + 61],
    ["too old", 0, NOW + 1],
    ["from the future", 60, NOW - 61],
    ["from the future", Infinity, NOW - 61],
  ])("refuses a token that is %s: %d seconds, at %d", (_age, ttl, now) => {
    expect(() => keys.decryptAtTime(token, ttl, now)).toThrow(InvalidTokenError)
  })

  test("counts from the current time", () => {
    jest.setSystemTime((NOW + 60) * 1000 + 999)
    expect(keys.decryptText(token, 60)).toBe("123-45-6789")
    expect(keys.decrypt(token, 60)).toHaveLength(11)

    jest.setSystemTime((NOW + 61) * 1000)
    expect(() => keys.decryptText(token, 60)).toThrow(InvalidTokenError)
    expect(() => keys.decrypt(token, 60)).toThrow(InvalidTokenError)
  })

  test("is not looked at where none is given", () => {
    jest.setSystemTime(0)

    expect(keys.decryptText(token)).toBe("123-45-6789")
  })

  test.each([-1, NaN])("refuses a time to live of %d seconds", (ttl) => {
    const error = new RangeError('The "ttl" argument must be a number of seconds, 0 or more.')

    expect(() => keys.decrypt(token, ttl)).toThrow(error)
    expect(() => keys.decryptAtTime(token, ttl, NOW)).toThrow(error)
  })

  test.each([null, "60"])("refuses a time to live that is not a number (%p)", (ttl) => {
    const error = new TypeError('The "ttl" argument must be of type number.')

    expect(() => keys.decrypt(token, ttl as unknown as number)).toThrow(error)
    expect(() => keys.decryptAtTime(token, undefined as unknown as number, NOW)).toThrow(error)
  })

  test("refuses a time that is not one", () => {
    expect(() => keys.decryptAtTime(token, 60, NaN)).toThrow(RangeError)
    expect(() => keys.decryptAtTime(token, 60, undefined as unknown as number)).toThrow(
      new TypeError('The "now" argument must be of type number.'),
    )
  })

  test("a timestamp that a number cannot hold opens, but is not returned", () => {
    const distant = forgeToken(PYTHON_KEY, Buffer.alloc(16, 16), 2n ** 53n)

    expect(keys.decrypt(distant)).toHaveLength(0)
    expect(() => keys.extractTimestamp(distant)).toThrow(InvalidTokenError)
    expect(() => keys.decryptAtTime(distant, 60, NOW)).toThrow(InvalidTokenError)
  })

  test("a timestamp is authenticated before it is returned", () => {
    const foreign = new Fernet(Fernet.generateKey()).encryptAtTime("", NOW)

    expect(() => keys.extractTimestamp(foreign)).toThrow(InvalidTokenError)
    expect(() => keys.extractTimestamp("123-45-6789")).toThrow(InvalidTokenError)
  })
})

import { describe, expect, test } from "@jest/globals"

import { InvalidTokenError } from "../../src/errors"
import { Fernet } from "../../src/fernet/fernet"
import { parseKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"
import { TokenKey } from "../../src/fernet/token-key"
import { generateVector, invalidVectors, seconds, VECTOR_KEY, verifyVector } from "./vectors"

describe("Fernet specification", () => {
  const fernet = new Fernet(VECTOR_KEY)

  test("generate.json: the IV, time and text given make the token", () => {
    const { iv, now, src, token } = generateVector

    const made = new TokenKey(parseKey(VECTOR_KEY)).seal(src, seconds(now), iv)

    expect(made).toBe(token)
  })

  test("verify.json: the token opens within its time to live", () => {
    const { token, ttl, now, src } = verifyVector

    const plaintext = fernet.decryptAtTime(token, ttl, seconds(now))

    expect(Buffer.from(plaintext).toString()).toBe(src)
    expect(fernet.extractTimestamp(token)).toBe(seconds(generateVector.now))
  })

  test.each(invalidVectors)("invalid.json: $desc", ({ token, now }) => {
    expect(() => fernet.decryptAtTime(token, 60, seconds(now))).toThrow(InvalidTokenError)
    expect(() => new Keyring([VECTOR_KEY]).decryptAtTime(token, 60, seconds(now))).toThrow(
      InvalidTokenError,
    )
  })

  test("invalid.json: the two about time hold an empty text, and open when time is no matter", () => {
    const aboutTime = invalidVectors.filter(({ desc }) => /TTL|skew/.test(desc))

    const texts = aboutTime.map(({ token }) => fernet.decryptText(token))

    expect(texts).toEqual(["", ""])
  })
})

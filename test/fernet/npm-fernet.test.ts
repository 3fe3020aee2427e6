import { describe, expect, jest, test } from "@jest/globals"

import { Fernet } from "../../src/fernet/fernet"

/** The part of npm's `fernet` that is used here; it has no types of its own. */
interface NpmFernet {
  Secret: new (key: string) => object
  Token: new (options: { secret: object; token?: string; ttl: number }) => {
    encode(text: string): string
    decode(): string
  }
}

const { Secret, Token } = jest.requireActual<NpmFernet>("fernet")

describe("npm's fernet", () => {
  const key = Fernet.generateKey()
  const secret = new Secret(key)
  const texts = ["", "123-45-6789", "Zoë 漢字", "0123456789abcdef"]

  test.each(texts)("reads %j that this package wrote", (text) => {
    const token = new Fernet(key).encrypt(text)

    expect(new Token({ secret, token, ttl: 0 }).decode()).toBe(text)
  })

  test.each(texts)("writes %j for this package to read", (text) => {
    const token = new Token({ secret, ttl: 0 }).encode(text)

    expect(new Fernet(key).decryptText(token)).toBe(text)
  })
})

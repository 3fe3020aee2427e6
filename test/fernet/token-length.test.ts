import { describe, expect, test } from "@jest/globals"

import { tokenLength } from "../../src/fernet/token-length"
import { keyring } from "../support/keys"

describe("tokenLength", () => {
  test("is the length of a token, whatever the length of its plaintext", () => {
    for (const bytes of [...Array(200).keys(), 65_535, 65_536, 1_000_003]) {
      expect(tokenLength(bytes)).toBe(keyring.encrypt(new Uint8Array(bytes)).length)
    }
  })
})

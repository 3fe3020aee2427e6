import { describe, expect, test } from "@jest/globals"

import { Fernet } from "../../src/fernet/fernet"
import { keyIndexesOf } from "../../src/fernet/key-indexes"
import { Keyring } from "../../src/fernet/keyring"
import { PYTHON_KEY, PYTHON_OLD_KEY } from "./python-tokens"

const keyring = new Keyring([PYTHON_KEY, PYTHON_OLD_KEY])
const [current, old, foreign] = [PYTHON_KEY, PYTHON_OLD_KEY, Fernet.generateKey()].map((key) =>
  new Fernet(key).encrypt("x"),
) as [string, string, string]
/** Too long for the batch engine. */
const long = new Fernet(PYTHON_OLD_KEY).encrypt("x".repeat(5_000))

describe("keyIndexesOf", () => {
  test("finds the key of each of many tokens, long ones among them, and none of what none signed", () => {
    const tokens = [old, "no token", current, long, foreign, "", old]

    expect(keyIndexesOf(keyring, tokens)).toEqual([1, undefined, 0, 1, undefined, undefined, 1])
  })

  test.each([[[]], [[old]], [[foreign, old, current]]])("finds those of few: %#", (tokens) => {
    expect(keyIndexesOf(keyring, tokens)).toEqual(tokens.map((one) => keyring.keyIndexOf(one)))
  })
})

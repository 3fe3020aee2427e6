import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { KeyError } from "../../src/errors"
import { generateKey, parseKey, parseKeys } from "../../src/fernet/key"

/** The key of the specification's test vectors. */
const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
const BYTES = Buffer.from(KEY, "base64url")
const OTHER = "JAjRtdVGnl7fUAuDIUdFxQ4Fz4nhJrEX2yXP3OzPWgE="
const TOKEN =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="

function encodeTwice(key: string): string {
  return Buffer.from(key).toString("base64")
}

function refusal(refuse: () => unknown): KeyError {
  try {
    refuse()
  } catch (error) {
    if (error instanceof KeyError) return error
    throw error
  }
  throw new Error("nothing was refused")
}

describe("generateKey", () => {
  test("returns 44 characters that parse to 32 bytes", () => {
    const key = generateKey()

    expect(key).toMatch(/^[\w-]{43}=$/)
    expect(parseKey(key)).toHaveLength(32)
  })

  test("returns another key each time", () => {
    expect(generateKey()).not.toBe(generateKey())
  })
})

describe("parseKey", () => {
  test("decodes the key of the specification", () => {
    expect(parseKey(KEY).toString("hex")).toBe(
      "730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee",
    )
  })

  test("keeps the bytes out of the shared buffer pool", () => {
    expect(parseKey(KEY).buffer.byteLength).toBe(32)
  })

  test.each<[mistake: string, key: unknown, message: string]>([
    ["undefined", undefined, "is not a string but of type undefined"],
    ["null", null, "is not a string but null"],
    ["bytes", BYTES, "is not a string but of type object"],
    ["nothing", "", "is empty"],
    ["blanks", " \n", "is empty"],
    ["double quotes", `"${KEY}"`, "contains quotation marks"],
    ["single quotes", `'${KEY}'`, "contains quotation marks"],
    ["an assignment", `ENCRYPTION_KEY=${KEY}`, "begins with the name of a variable"],
    ["an assignment with spaces", `KEY = ${KEY}`, "begins with the name of a variable"],
    ["an exported assignment", `export  KEY="${KEY}"`, "begins with the name of a variable"],
    ["a comma-separated list", `${KEY},${OTHER}`, "contains a comma"],
    ["a space-separated list", `${KEY} ${OTHER}`, "contains whitespace"],
    ["a final newline", `${KEY}\n`, "is surrounded by whitespace"],
    ["a token", TOKEN, "is a Fernet token, not a key"],
    ["32 bytes in hexadecimal", BYTES.toString("hex"), "is written in hexadecimal; encode"],
    ["33 bytes in hexadecimal", `${BYTES.toString("hex")}00`, "has 49 bytes after decoding"],
    ["16 bytes in hexadecimal", BYTES.toString("hex", 16), "has 16 bytes, not 32"],
    ["double Base64", encodeTwice(KEY), "is encoded in Base64 twice"],
    ["double Base64 of a line", encodeTwice(`${KEY}\n`), "is encoded in Base64 twice"],
    ["double Base64 without padding", encodeTwice(KEY.slice(0, -1)), "is encoded in Base64 twice"],
    ["double Base64 of two keys", encodeTwice(KEY + OTHER), "has 88 bytes after decoding"],
    ["the standard alphabet", BYTES.toString("base64"), "replace + by - and / by _"],
    ["a character of no alphabet", KEY.replace("_", "%"), "is not URL-safe Base64"],
    ["two keys without separator", KEY + KEY, "is not URL-safe Base64"],
    ["no padding", KEY.slice(0, -1), 'lacks its trailing "="'],
    ["too much padding", `${KEY}=`, 'ends with more than one "="'],
    ["spare bits that are set", KEY.replace("4=", "5="), "has a mistyped last character"],
    ["16 bytes", BYTES.toString("base64url", 16), "has 16 bytes after decoding, not 32"],
    ["33 bytes", "A".repeat(44), "has 33 bytes after decoding, not 32"],
    ["33 bytes with padding", `${"A".repeat(44)}=`, "has 33 bytes after decoding, not 32"],
    ["33 bytes with more padding", `${"A".repeat(44)}==`, "has 33 bytes after decoding, not 32"],
  ])("refuses %s by its name", (_, key, message) => {
    const error = refusal(() => parseKey(key as string))

    expect(error.code).toBe("ERR_KEY_INVALID")
    expect(error.message).toMatch(/^The key /)
    expect(error.message).toContain(message)
    expect(error.message).toContain("`npx typeorm-fernet key:generate`")
  })

  test("begins its message with the name given", () => {
    const error = refusal(() => parseKey("", "Key 2 of 3 in ENCRYPTION_KEY"))

    expect(error.message).toMatch(/^Key 2 of 3 in ENCRYPTION_KEY is empty\. /)
  })

  test("accepts a key that happens to begin like a token", () => {
    const key = `gAAAAA${KEY.slice(6)}`

    expect(parseKey(key)).toHaveLength(32)
  })

  test.each<[mistake: string, spoil: (key: string) => string]>([
    ["in quotation marks", (key) => `"${key}"`],
    ["after the name of a variable", (key) => `KEY=${key}`],
    ["without padding", (key) => key.slice(0, -1)],
    ["without its beginning", (key) => key.slice(7)],
    ["written twice, with a space between", (key) => `${key} ${key}`],
    ["written twice, with a comma between", (key) => `${key},${key}`],
    ["after a stray character", (key) => `%${key}`],
    ["in double Base64", encodeTwice],
    ["in hexadecimal", (key) => Buffer.from(key, "base64url").toString("hex")],
  ])("shows no part of a key %s", (_, spoil) => {
    const key = spoil(generateKey())
    const error = refusal(() => parseKey(key))

    const shown = inspect(error, { depth: null }) + JSON.stringify(error) + String(error.stack)
    expect(sharedRun(shown, key)).toBe(false)
  })
})

/** Whether eight characters in a row of the secret are in the text. */
function sharedRun(text: string, secret: string): boolean {
  return Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8)).some(
    (run) => text.includes(run),
  )
}

describe("parseKeys", () => {
  test("decodes the keys in the order given", () => {
    const [first, second] = parseKeys([OTHER, KEY])

    expect(first).toEqual(parseKey(OTHER))
    expect(second).toEqual(parseKey(KEY))
  })

  test("names the position and the origin of a malformed key", () => {
    const error = refusal(() => parseKeys([KEY, "", OTHER], "ENCRYPTION_KEY"))

    expect(error.message).toMatch(/^Key 2 of 3 in ENCRYPTION_KEY is empty\./)
  })

  test("names no position when there is one key", () => {
    expect(refusal(() => parseKeys([""], "ENCRYPTION_KEY")).message).toMatch(
      /^The key in ENCRYPTION_KEY is empty\./,
    )
  })

  test("names no origin when none is given", () => {
    expect(refusal(() => parseKeys([KEY, ""])).message).toMatch(/^Key 2 of 2 is empty\./)
  })

  test("names both positions of a key that occurs twice", () => {
    const error = refusal(() => parseKeys([OTHER, KEY, KEY]))

    expect(error.code).toBe("ERR_KEY_INVALID")
    expect(error.message).toBe("Key 3 of 3 is the same as key 2; remove one of them.")
  })

  test("reports an empty list as a missing key", () => {
    const error = refusal(() => parseKeys([]))

    expect(error.code).toBe("ERR_KEY_MISSING")
    expect(error.message).toBe("There is no key; `npx typeorm-fernet key:generate` makes one.")
  })

  test("refuses a string where an array belongs", () => {
    const error = refusal(() => parseKeys(KEY as unknown as string[]))

    expect(error.code).toBe("ERR_KEY_INVALID")
    expect(error.message).toBe("The keys are not an array of strings.")
  })

  test("reports a hole in the array", () => {
    const keys = [KEY, OTHER]
    keys.length = 3

    expect(refusal(() => parseKeys(keys)).message).toMatch(/^Key 3 of 3 is not a string/)
  })
})

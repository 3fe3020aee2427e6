import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals"

import { KeyError } from "../../src/errors"
import { generateKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"
import { hasKeysInEnv, keysFromEnv, variableInEnv } from "../../src/fernet/key-source"

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
const OLD = "JAjRtdVGnl7fUAuDIUdFxQ4Fz4nhJrEX2yXP3OzPWgE="

let directory: string
let file: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-"))
  file = join(directory, "encryption_key")
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

function refusal(env: NodeJS.ProcessEnv): KeyError {
  try {
    keysFromEnv(env)
  } catch (error) {
    if (error instanceof KeyError) return error
    throw error
  }
  throw new Error("nothing was refused")
}

describe("keysFromEnv", () => {
  const { ENCRYPTION_KEY } = process.env

  afterEach(() => {
    if (ENCRYPTION_KEY === undefined) delete process.env.ENCRYPTION_KEY
    else process.env.ENCRYPTION_KEY = ENCRYPTION_KEY
  })

  test("reads process.env by default", () => {
    process.env.ENCRYPTION_KEY = KEY

    expect(keysFromEnv()).toEqual([KEY])
  })

  test.each([
    ["commas", `${KEY},${OLD}`],
    ["commas and spaces", ` ${KEY} , ${OLD} `],
    ["line breaks", `${KEY}\n${OLD}\n`],
    ["Windows line breaks", `${KEY}\r\n${OLD}\r\n`],
    ["commas at line ends", `${KEY},\n${OLD}`],
    ["blank lines", `\n${KEY}\n\n${OLD}\n\n`],
  ])("reads a list separated by %s, in order", (_, list) => {
    expect(keysFromEnv({ ENCRYPTION_KEY: list })).toEqual([KEY, OLD])
  })

  test("reads the same from the file of ENCRYPTION_KEY_FILE", () => {
    writeFileSync(file, `\uFEFF${KEY}\r\n${OLD}\r\n`)

    expect(keysFromEnv({ ENCRYPTION_KEY_FILE: file })).toEqual([KEY, OLD])
  })

  test("reads a variable of another name, or the file that it names", () => {
    writeFileSync(file, OLD)

    expect(keysFromEnv({ FERNET_KEY: KEY, ENCRYPTION_KEY: OLD }, "FERNET_KEY")).toEqual([KEY])
    expect(keysFromEnv({ FERNET_KEY_FILE: file }, "FERNET_KEY")).toEqual([OLD])
    expect(Keyring.fromEnv({ FERNET_KEY: KEY }, "FERNET_KEY").fingerprints).toHaveLength(1)
    expect(() => keysFromEnv({ ENCRYPTION_KEY: KEY }, "FERNET_KEY")).toThrow("Set FERNET_KEY to a")
  })

  test("shows nothing of a key that was given for a name", () => {
    expect(() => keysFromEnv({}, KEY)).toThrow(/^(?!.*cw_0x).*no variable's name/)
  })

  test("takes blanks around the path for none of it", () => {
    writeFileSync(file, KEY)

    expect(keysFromEnv({ ENCRYPTION_KEY_FILE: ` ${file}\r\n` })).toEqual([KEY])
  })

  test("takes an empty variable for an absent one", () => {
    writeFileSync(file, OLD)

    expect(keysFromEnv({ ENCRYPTION_KEY: "", ENCRYPTION_KEY_FILE: file })).toEqual([OLD])
    expect(keysFromEnv({ ENCRYPTION_KEY: KEY, ENCRYPTION_KEY_FILE: "" })).toEqual([KEY])
  })

  test("refuses both variables at once", () => {
    const error = refusal({ ENCRYPTION_KEY: KEY, ENCRYPTION_KEY_FILE: file })

    expect(error.code).toBe("ERR_KEY_INVALID")
    expect(error.message).toBe(
      "ENCRYPTION_KEY and ENCRYPTION_KEY_FILE are both set; unset one of them.",
    )
  })

  test("names both variables and the command when there is no key", () => {
    const error = refusal({})

    expect(error.code).toBe("ERR_KEY_MISSING")
    expect(error.message).toBe(
      "There is no encryption key. Set ENCRYPTION_KEY to a key or ENCRYPTION_KEY_FILE to the path " +
        "of a file that holds one; `npx typeorm-fernet key:generate` makes a key.",
    )
  })

  test("says that ENCRYPTION_KEY is empty", () => {
    const error = refusal({ ENCRYPTION_KEY: " " })

    expect(error.code).toBe("ERR_KEY_MISSING")
    expect(error.message).toMatch(/^ENCRYPTION_KEY is empty\. /)
  })

  test.each([
    ["a malformed key", `${KEY},${OLD.slice(1)}`, "Key 2 of 2 in ENCRYPTION_KEY has 31 bytes"],
    ["a trailing comma", `${KEY},${OLD},`, "Key 3 of 3 in ENCRYPTION_KEY is empty"],
    ["a key twice", `${KEY},${OLD},${KEY}`, "Key 3 of 3 in ENCRYPTION_KEY is the same as key 1"],
    ["a quoted list", `"${KEY},${OLD}"`, "Key 1 of 2 in ENCRYPTION_KEY contains quotation marks"],
    ["a list with spaces", `${KEY} ${OLD}`, "The key in ENCRYPTION_KEY contains whitespace"],
  ])("names the position of %s", (_, list, message) => {
    const error = refusal({ ENCRYPTION_KEY: list })

    expect(error.code).toBe("ERR_KEY_INVALID")
    expect(error.message.startsWith(message)).toBe(true)
  })

  test("names the file of a malformed key", () => {
    writeFileSync(file, `${KEY},x`)

    expect(refusal({ ENCRYPTION_KEY_FILE: file }).message).toContain(
      `Key 2 of 2 in the file ${file} (ENCRYPTION_KEY_FILE) has`,
    )
  })

  test("reports an empty file", () => {
    writeFileSync(file, "\n")

    expect(refusal({ ENCRYPTION_KEY_FILE: file }).message).toContain(
      `The key in the file ${file} (ENCRYPTION_KEY_FILE) is empty.`,
    )
  })

  test("names the path and the reason when the file cannot be read", () => {
    const path = join(directory, "absent")
    const error = refusal({ ENCRYPTION_KEY_FILE: path })

    expect(error.code).toBe("ERR_KEY_MISSING")
    expect(error.message).toBe(`The file ${path} (ENCRYPTION_KEY_FILE) cannot be read (ENOENT).`)
    expect(error.cause).toMatchObject({ code: "ENOENT" })
  })

  test("names EISDIR when the path is a directory", () => {
    expect(refusal({ ENCRYPTION_KEY_FILE: directory }).message).toContain("(EISDIR)")
  })

  test.each<[mistake: string, value: (key: string) => string]>([
    ["a key", (key) => key],
    ["a list of keys", (key) => `${key},${generateKey()}`],
    ["a key without padding", (key) => key.slice(0, -1)],
    ["a key in hexadecimal", (key) => Buffer.from(key, "base64url").toString("hex")],
    ["half a key in hexadecimal", (key) => Buffer.from(key, "base64url").toString("hex", 16)],
    ["a key in standard Base64", (key) => Buffer.from(key, "base64url").toString("base64")],
    ["a key with a slash and no padding", (key) => `${key.slice(0, 20)}/${key.slice(21, 43)}`],
  ])("does not show %s that was put in ENCRYPTION_KEY_FILE", (_, value) => {
    const misplaced = value(generateKey())
    const error = refusal({ ENCRYPTION_KEY_FILE: misplaced })

    const shown = inspect(error, { depth: null }) + JSON.stringify(error) + String(error.stack)
    expect(shown).not.toContain(misplaced.slice(0, 8))
    expect(error.code).toBe("ERR_KEY_MISSING")
    expect(error.message).toBe(
      "The file named by ENCRYPTION_KEY_FILE cannot be read (ENOENT). The name is not shown because " +
        "it may be a key; a key belongs in ENCRYPTION_KEY.",
    )
  })

  test("shows a name that is too short for a key", () => {
    const path = "a-file-of-31-characters-is-fine"

    expect(refusal({ ENCRYPTION_KEY_FILE: path }).message).toContain(`The file ${path} (`)
  })

  test("shows nothing of a key that it refuses", () => {
    const key = generateKey()
    const error = refusal({ ENCRYPTION_KEY: `${key},'${key}'` })

    const shown = inspect(error, { depth: null }) + JSON.stringify(error) + String(error.stack)
    expect(shown).not.toContain(key.slice(0, 8))
  })
})

describe("hasKeysInEnv", () => {
  test.each([
    [{ ENCRYPTION_KEY: "a key" }, true],
    [{ ENCRYPTION_KEY_FILE: "/run/secrets/key" }, true],
    [{ ENCRYPTION_KEY: "a key", ENCRYPTION_KEY_FILE: "/run/secrets/key" }, true],
    [{ ENCRYPTION_KEY: "", ENCRYPTION_KEY_FILE: " " }, false],
    [{ BLIND_INDEX_KEY: "of something else" }, false],
    [{}, false],
  ])("says of %j whether it names keys: %j", (env, names) => {
    expect(hasKeysInEnv(env, "ENCRYPTION_KEY")).toBe(names)
  })
})

describe("variableInEnv", () => {
  afterEach(() => {
    delete process.env.SOME_KEY
    delete process.env.SOME_KEY_FILE
  })

  test("is the variable that gives keys, its own if none does", () => {
    expect(variableInEnv("SOME_KEY")).toBe("SOME_KEY")
    process.env.SOME_KEY_FILE = " "
    expect(variableInEnv("SOME_KEY")).toBe("SOME_KEY")
    process.env.SOME_KEY_FILE = "/run/secrets/key"
    expect(variableInEnv("SOME_KEY")).toBe("SOME_KEY_FILE")
  })
})

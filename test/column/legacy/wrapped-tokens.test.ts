import { describe, expect, test } from "@jest/globals"

import { bytesCodec } from "../../../src/column/document-codecs"
import {
  type LegacyReader,
  LegacyRefusal,
  readLegacyCell,
} from "../../../src/column/legacy/legacy-reader"
import { readPrefixedTokens, readQuotedTokens } from "../../../src/column/legacy/wrapped-tokens"
import { numberCodec, stringCodec } from "../../../src/column/scalar-codecs"
import { Keyring } from "../../../src"
import { keyring, keys } from "../../support/keys"

const token = keyring.encrypt("078-05-1120")
const others = new Keyring([keys.second])

const read = (reader: LegacyReader, cell: string): unknown =>
  readLegacyCell(reader, cell, stringCodec, keyring).value

describe("readPrefixedTokens", () => {
  const reader = readPrefixedTokens("encrypted:")

  test("reads a token behind its prefix, and nothing else", () => {
    expect(reader.is?.(`encrypted:${token}`)).toBe(true)
    expect(read(reader, `encrypted:${token}`)).toBe("078-05-1120")
    for (const cell of [token, "078-05-1120", ` encrypted:${token}`]) {
      expect(reader.is?.(cell)).toBe(false)
    }
    expect(() => read(reader, "encrypted:078-05-1120")).toThrow(LegacyRefusal)
  })

  test("reads tokens under keys of their own", () => {
    const foreign = `enc:${others.encrypt("078-05-1120")}`

    expect(read(readPrefixedTokens("enc:", { keyring: others }), foreign)).toBe("078-05-1120")
    expect(() => read(readPrefixedTokens("enc:"), foreign)).toThrow(LegacyRefusal)
  })

  test("writes what it reads", () => {
    const cell = reader.encode?.("078-05-1120", keyring) ?? ""

    expect(cell).toMatch(/^encrypted:gAAAAA/)
    expect(read(reader, cell)).toBe("078-05-1120")
  })

  test("refuses a prefix that tokens may begin with", () => {
    for (const prefix of ["", "g", "gAAAAA"]) {
      expect(() => readPrefixedTokens(prefix)).toThrow(TypeError)
    }
  })
})

describe("readQuotedTokens", () => {
  const reader = readQuotedTokens()

  test.each([`"${token}"`, `'${token}'`, `b'${token}'`, `b"${token}"`])("reads %#", (cell) => {
    expect(reader.is?.(cell)).toBe(true)
    expect(read(reader, cell)).toBe("078-05-1120")
  })

  test.each([token, `'${token}"`, `b${token}`, `"a b"`, `"'${token}'"`])(
    "leaves what is not a quoted token: %#",
    (cell) => {
      expect(reader.is?.(cell)).toBe(false)
    },
  )

  test("reads tokens under keys of their own", () => {
    const cell = `b'${others.encrypt("078-05-1120")}'`

    expect(read(readQuotedTokens({ keyring: others }), cell)).toBe("078-05-1120")
  })
})

describe("readLegacyCell", () => {
  const decoding = (decode: LegacyReader["decode"]): LegacyReader => ({ decode })

  test("gives the codec text, or bytes that are the reader's no more", () => {
    const bytes = Buffer.from("5")
    const read = readLegacyCell(
      decoding(() => bytes),
      "x",
      bytesCodec,
      keyring,
    )

    expect(read.value).toEqual(bytes)
    expect(read.value).not.toBe(bytes)
    expect(
      readLegacyCell(
        decoding(() => bytes),
        "x",
        numberCodec,
        keyring,
      ).value,
    ).toBe(5)
  })

  test.each([
    ["throws", () => JSON.parse("078-05-1120") as string],
    ["gives text with a lone surrogate", () => "\ud800"],
    ["gives bytes that are not UTF-8", () => Buffer.from([0xff])],
    ["gives nothing", () => undefined as unknown as string],
    ["gives what the codec does not read", () => "seven"],
  ])("refuses with nothing of the cause when the reader %s", (_, decode) => {
    const act = () => readLegacyCell(decoding(decode), "x", numberCodec, keyring)

    expect(act).toThrow(new LegacyRefusal())
    expect(act).not.toThrow("078")
  })
})

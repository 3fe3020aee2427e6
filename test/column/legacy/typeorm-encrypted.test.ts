import { getCipherInfo, getCiphers, randomBytes } from "node:crypto"
import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { EncryptionTransformer, JSONEncryptionTransformer } from "typeorm-encrypted"

import { jsonCodec } from "../../../src/column/document-codecs"
import { LegacyRefusal, readLegacyCell } from "../../../src/column/legacy/legacy-reader"
import {
  readTypeormEncrypted,
  type TypeormEncryptedOptions,
} from "../../../src/column/legacy/typeorm-encrypted"
import { stringCodec } from "../../../src/column/scalar-codecs"
import { keyring } from "../../support/keys"

const text = "Grüße, 漢字 and 078-05-1120 in more than two blocks"

function optionsFor(algorithm: string): TypeormEncryptedOptions {
  const info = getCipherInfo(algorithm)
  if (!info) throw new Error(`${algorithm} is no cipher`)
  const key = randomBytes(info.keyLength).toString("hex")
  return { algorithm, key, ivLength: info.ivLength ?? 0 }
}

/** Ciphers with which the package reads what it wrote. */
const working = getCiphers().filter((algorithm) => {
  try {
    const transformer = new EncryptionTransformer(optionsFor(algorithm))
    return transformer.from(transformer.to(text) as string) === text
  } catch {
    return false
  }
})

function read(options: TypeormEncryptedOptions, cell: string): unknown {
  const codec = options.json ? jsonCodec : stringCodec
  return readLegacyCell(readTypeormEncrypted(options), cell, codec, keyring).value
}

describe("readTypeormEncrypted", () => {
  test("has ciphers of every kind to try", () => {
    expect(working).toEqual(
      expect.arrayContaining(["aes-256-cbc", "aes-256-gcm", "aes-256-ctr", "aes-128-ecb", "des3"]),
    )
  })

  test.each(working)("reads what the package wrote with %s, and is read by it", (algorithm) => {
    const options = optionsFor(algorithm)
    const transformer = new EncryptionTransformer(options)
    const reader = readTypeormEncrypted(options)
    const cell = transformer.to(text) as string

    expect(reader.is?.(cell)).toBe(true)
    expect(read(options, cell)).toBe(text)
    expect(transformer.from(reader.encode?.(text, keyring))).toBe(text)
    expect(reader.authenticated).toBe(algorithm.endsWith("-gcm"))
  })

  test.each(["aes-256-ccm", "aes-256-ocb"])("reads %s, which the package only writes", (name) => {
    const options = optionsFor(name)
    const cell = new EncryptionTransformer(options).to(text) as string

    expect(read(options, cell)).toBe(text)
    expect(readTypeormEncrypted(options).authenticated).toBe(true)
  })

  test("reads a shorter authentication tag, another length of IV, and the one IV for all", () => {
    const short = { ...optionsFor("aes-256-gcm"), authTagLength: 12, ivLength: 16 }
    const iv = randomBytes(16).toString("hex")
    const constant = { ...optionsFor("aes-256-cbc"), iv }

    for (const options of [short, constant]) {
      const transformer = new EncryptionTransformer(options)
      const reader = readTypeormEncrypted(options)

      expect(read(options, transformer.to(text) as string)).toBe(text)
      expect(transformer.from(reader.encode?.(text, keyring))).toBe(text)
    }
    expect(readTypeormEncrypted(constant).encode?.(text, keyring)).toBe(
      new EncryptionTransformer(constant).to(text),
    )
  })

  test.each(["hex", "base64url"] as const)("reads %s", (encoding) => {
    const options = optionsFor("aes-256-gcm")
    const base64 = new EncryptionTransformer(options).to(text) as string
    const cell = Buffer.from(base64, "base64").toString(encoding)

    expect(readTypeormEncrypted({ ...options, encoding }).is?.(cell)).toBe(true)
    expect(read({ ...options, encoding }, cell)).toBe(text)
  })

  test("reads what the JSON transformer wrote, as a column of JSON or text spells it", () => {
    const options = { ...optionsFor("aes-256-gcm"), json: true }
    const transformer = new JSONEncryptionTransformer(options)
    const value = { allergies: ["nuts"], ward: 3 }
    const stored: unknown = transformer.to(value)
    const reader = readTypeormEncrypted(options)

    for (const cell of [JSON.stringify(stored), JSON.stringify(stored, undefined, 1)]) {
      expect(reader.is?.(cell)).toBe(true)
      expect(read(options, cell)).toEqual(value)
    }
    const written = reader.encode?.(JSON.stringify(value), keyring) ?? ""
    expect(transformer.from(JSON.parse(written))).toEqual(value)
    expect(reader.is?.('{"encrypted":"AAAA","ward":3}')).toBe(false)
    expect(reader.is?.('{"encrypted":3}')).toBe(false)
  })

  test("takes no plaintext for its own that cannot be", () => {
    const cbc = readTypeormEncrypted(optionsFor("aes-256-cbc"))

    for (const cell of ["", "078-05-1120", "a text with spaces in it", "QUJD", "A".repeat(43)]) {
      expect(cbc.is?.(cell)).toBe(false)
    }
  })

  test("reads every text that the package wrote", () => {
    const options = optionsFor("aes-256-cbc")
    const transformer = new EncryptionTransformer(options)
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => {
        const cell = transformer.to(any) as string

        expect(read(options, cell)).toBe(any)
      }),
    )
  })

  test("refuses with one message: another key, a damaged cell, bytes that are no text", () => {
    const options = optionsFor("aes-256-gcm")
    const cell = new EncryptionTransformer(options).to(text) as string
    const other = { ...options, key: randomBytes(32).toString("hex") }
    const noText = readTypeormEncrypted(options).encode?.(Buffer.from([0xff]), keyring) ?? ""
    const failures = [
      () => read(other, cell),
      () => read(options, cell.slice(0, -8)),
      () => read(options, noText),
    ].map((act) => {
      try {
        return act()
      } catch (error) {
        return error
      }
    })

    for (const failure of failures) {
      expect(failure).toBeInstanceOf(LegacyRefusal)
      expect(inspect(failure)).not.toContain(options.key)
    }
    expect(new Set(failures.map((failure) => (failure as Error).message)).size).toBe(1)
  })

  test("refuses a key that is none, without showing it", () => {
    for (const key of ["", "secret-not-hex", "abcd", randomBytes(31).toString("hex")]) {
      const act = () => readTypeormEncrypted({ algorithm: "aes-256-cbc", ivLength: 16, key })

      expect(act).toThrow("must be 32 bytes in hexadecimal")
      if (key !== "") expect(act).not.toThrow(key)
    }
  })

  test("refuses a cipher that there is not, and IVs that do not fit", () => {
    const options = optionsFor("aes-256-cbc")

    expect(() => readTypeormEncrypted({ ...options, algorithm: "rot13" })).toThrow(TypeError)
    expect(() => readTypeormEncrypted({ ...options, ivLength: 1.5 })).toThrow(TypeError)
    expect(() => readTypeormEncrypted({ ...options, iv: "00" })).toThrow(TypeError)
  })

  test("shows no key", () => {
    const options = optionsFor("aes-256-cbc")
    const reader = readTypeormEncrypted(options)

    expect(inspect(reader, { depth: 9, showHidden: true })).not.toContain(options.key)
    expect(JSON.stringify(reader)).not.toContain(options.key)
  })
})

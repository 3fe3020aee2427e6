import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { BoundColumn } from "../../../src/binding/columns/bound-column"
import type { ColumnScheme } from "../../../src/binding/columns/column-scheme"
import { Keys } from "../../../src/binding/keys/keys"
import { Keyring, type LegacyReader, readPrefixedTokens, readQuotedTokens } from "../../../src"
import { keyring, keys } from "../../support/keys"

type Declaration = ColumnScheme["declaration"]

function column(
  phase: ColumnScheme["phase"],
  declaration: Declaration = {},
  property = "Patient.ssn",
): BoundColumn {
  const scheme = { property, declaration, phase, tokenLimit: undefined }
  return new BoundColumn(scheme, new Keys(() => keyring, true))
}

/** Reads and writes texts spelt backwards behind an `x`. */
const backwards: LegacyReader = {
  is: (cell) => cell.startsWith("x"),
  decode: (cell) => Array.from(cell.slice(1)).reverse().join(""),
  encode: (plaintext) => `x${Array.from(String(plaintext)).reverse().join("")}`,
}

const token = keyring.encrypt("078")
const foreign = new Keyring([keys.second]).encrypt("078")

describe("a cell that is no token", () => {
  test("is read in its legacy form, then as plaintext, and a token before both", () => {
    const ssn = column("allow", { legacy: [backwards, readPrefixedTokens("enc:")] })

    expect(["x870", `enc:${token}`, "078", token].map((cell) => ssn.from(cell))).toEqual([
      "078",
      "078",
      "078",
      "078",
    ])
    expect(column("allow", { legacy: { decode: () => "other" } }).from(token)).toBe("078")
  })

  test("may be a token under keys that only its legacy reader has", () => {
    const others = new Keyring([keys.second])
    const legacy: LegacyReader = { decode: (cell) => others.decrypt(cell) }

    expect(column("allow", { legacy }).from(foreign)).toBe("078")
    expect(() => column("allow", { legacy: backwards }).from(foreign)).toThrow(
      expect.objectContaining({ reason: "unknown-key" }),
    )
  })

  test("is read in the type that the column had, where plaintext is and its codec takes it", () => {
    const day = new Date(5)

    for (const phase of ["keep", "index", "allow"] as const) {
      expect(column(phase, { codec: "number" }).from(7)).toBe(7)
      expect(column(phase, { codec: "boolean" }).from(false)).toBe(false)
      expect(column(phase, { codec: "date" }).from(day)).toEqual(day)
      expect(column(phase, { codec: "json" }).from({ a: [1] })).toEqual({ a: [1] })
      expect(column(phase, { codec: "bytes" }).from(Buffer.from([255]))).toEqual(Uint8Array.of(255))
    }
    const refused = expect.objectContaining({ reason: "malformed" }) as unknown as Error
    expect(() => column("reject", { codec: "number" }).from(7)).toThrow(refused)
    expect(() => column("allow").from(7)).toThrow(refused)
    expect(() => column("allow", { codec: "boolean" }).from(1)).toThrow(refused)
    expect(() => column("allow", { codec: "date" }).from(new Date(NaN))).toThrow(refused)
  })

  test("is refused in its legacy form where plaintext is, as plaintext is", () => {
    const ssn = column("reject", { legacy: backwards })

    expect(() => ssn.from("x870")).toThrow(expect.objectContaining({ reason: "legacy" }))
    expect(() => ssn.from("078")).toThrow(expect.objectContaining({ reason: "plaintext" }))
    expect(ssn.from(token)).toBe("078")
  })

  test("that its reader cannot read is refused with one message, without the cause", () => {
    const failing = (decode: LegacyReader["decode"]) => column("allow", { legacy: { decode } })
    const columns = [
      failing(() => {
        throw new Error("secret 078")
      }),
      failing(() => Buffer.from([0xff])),
      column("allow", { legacy: readQuotedTokens(), codec: "number" }),
      column("allow", {
        legacy: {
          is: () => {
            throw new Error("secret 078")
          },
          decode: String,
        },
      }),
    ]
    const messages = columns.map((ssn) => {
      try {
        return String(ssn.from(`"${foreign}"`))
      } catch (error) {
        expect(inspect(error, { depth: 9 })).not.toMatch(/secret|078(?!-)/)
        return (error as Error).message
      }
    })

    expect(new Set(messages)).toEqual(
      new Set([
        "Patient.ssn cannot be decrypted: the stored value is in its legacy form, and could not be " +
          "read in it.",
      ]),
    )
  })
})

describe("a column that still writes what was there before", () => {
  test.each(["keep", "index"] as const)("stores plaintext under %j, and reads both", (phase) => {
    const ssn = column(phase)

    expect(ssn.cellOf("078")).toBe("078")
    expect(ssn.cellOf(null)).toBeNull()
    expect(ssn.cellOf(undefined)).toBeUndefined()
    expect([ssn.from("078"), ssn.from(token)]).toEqual(["078", "078"])
    expect(column(phase, { codec: "number" }).cellOf(81.5)).toBe("81.5")
    expect(column(phase, { codec: "bytes" }).cellOf(Buffer.from("é"))).toBe("é")
  })

  test.each(["allow", "reject"] as const)("stores tokens under %j", (phase) => {
    expect(column(phase).cellOf("078")).toMatch(/^gAAAAA/)
  })

  test("stores the legacy form if there is one", () => {
    expect(column("keep", { legacy: [readQuotedTokens(), backwards] }).cellOf("078")).toBe("x870")
    expect(column("allow", { legacy: backwards }).cellOf("078")).toMatch(/^gAAAAA/)
  })

  test("refuses what would be read as something else", () => {
    const invalid = expect.objectContaining({ code: "ERR_INVALID_VALUE" })

    expect(() => column("keep").cellOf("gAAAAABob")).toThrow(invalid)
    expect(() => column("keep").cellOf(foreign)).toThrow(invalid)
    expect(() => column("keep", { codec: "bytes" }).cellOf(Buffer.from([255]))).toThrow(invalid)
    expect(() => column("keep", { codec: "number" }).cellOf("078")).toThrow(invalid)
    const failing: LegacyReader = {
      ...backwards,
      encode: () => {
        throw new Error("secret 078")
      },
    }
    expect(() => column("keep", { legacy: failing }).cellOf("078")).toThrow(invalid)
    expect(() => column("keep", { legacy: failing }).cellOf("078")).not.toThrow("secret")
  })

  test("refuses a token of its keyring", () => {
    expect(() => column("keep").cellOf(token)).toThrow(
      expect.objectContaining({ code: "ERR_ALREADY_ENCRYPTED" }),
    )
  })
})

describe("typeorm-fernet:plaintext.read", () => {
  test("counts the cells that were read together by column, by their kind", async () => {
    const events: unknown[] = []
    const listen = (event: unknown) => events.push(event)
    subscribe("typeorm-fernet:plaintext.read", listen)
    const ssn = column("allow", { legacy: [backwards, readPrefixedTokens("enc:")] })
    const name = column("allow", {}, "Patient.name")

    for (const cell of ["078", "079", "x870", `enc:${token}`, token]) ssn.from(cell)
    name.from("Ada")
    await Promise.resolve()
    unsubscribe("typeorm-fernet:plaintext.read", listen)
    ssn.from("078")
    await Promise.resolve()

    expect(events).toMatchObject([
      {
        columns: [
          { column: "Patient.ssn", plaintext: 2, legacy: 2, unauthenticated: 1 },
          { column: "Patient.name", plaintext: 1, legacy: 0, unauthenticated: 0 },
        ],
        cells: 5,
      },
    ])
  })
})

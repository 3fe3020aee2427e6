import { describe, expect, jest, test } from "@jest/globals"

import { EncryptionError } from "../../src/errors"
import { Keyring } from "../../src/fernet/keyring"
import type { BlindIndexOptions } from "../../src/column/blind-index"
import { BlindIndex, type IndexMember } from "../../src/search/blind-index"
import { defineIndex } from "../../src/search/blind-index-definition"
import { keys } from "../support/keys"
import { digestOf } from "./digest-of"

const ring = new Keyring([keys.first])
const place = { schema: undefined, table: "users", columns: ["email"] }
const longList = { toSql: (name: string) => `(:${name})`, toParameter: String }

function member(path: string, others: Partial<IndexMember> = {}): IndexMember {
  const property = `User.${path}`
  return { property, path, plaintextAllowed: false, plaintextOf: String, ...others }
}

const email = member("email")

function indexOf(
  options: BlindIndexOptions = {},
  members: BlindIndex["members"] = [email],
  keyring: () => Keyring = () => ring,
): BlindIndex {
  return new BlindIndex({ ...defineIndex(options, place), members }, keyring)
}

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error("it did not throw")
}

describe("a blind index", () => {
  const context = "users/email/email_bidx"

  test("says how it was declared", () => {
    const index = indexOf({ name: "by mail", bits: 13, unique: true }, [email, member("phone")])

    expect(index).toMatchObject({ name: "by mail", path: "by_mail", bits: 13, unique: true })
    expect(index.members.map(({ path }) => path)).toEqual(["email", "phone"])
    expect(indexOf().unique).toBe(false)
  })

  test.each([
    [127, true],
    [128, false],
    [256, false],
  ])("of %i bits is truncated: %s", (bits, truncated) => {
    expect(indexOf({ bits }).truncated).toBe(truncated)
  })

  test("stores, compares and seeks digests of the plaintexts of its members", () => {
    const members = [member("a", { plaintextOf: (value) => `a ${String(value)}` }), member("b")]
    const index = indexOf({ bits: 13 }, members as [IndexMember, IndexMember])

    expect(index.stored([1, 2])).toBe(digestOf(context, ["a 1", "2"], { bits: 13 }))
    expect(index.exact([1, 2])).toBe(digestOf(context, ["a 1", "2"], { bits: 256 }))
    expect(index.searched([1, 2])).toEqual([digestOf(context, ["a 1", "2"], { bits: 13 })])
  })

  test("stores many as it stores each, and nothing for what it refuses", () => {
    const plaintextOf = (value: unknown): string => {
      if (typeof value !== "string") throw new TypeError("no text")
      return value
    }
    const index = indexOf({ normalize: "lowercase" }, [member("email", { plaintextOf })])
    const rows = [["A"], [7], ["b"], ["c \ud83d"], ["d"], ["e"]]

    expect(index.storedMany(rows)).toEqual(
      rows.map(([value]) =>
        typeof value === "string" && value.isWellFormed() ? index.stored([value]) : undefined,
      ),
    )
  })

  test("makes ahead what it is asked for next, but for what it refuses", () => {
    const plaintextOf = jest.fn(String)
    const index = indexOf({}, [member("email", { plaintextOf })])
    const rows = ["a", "b \ud83d", "c", "d", "e"].map((value) => [value])

    index.storeAhead(rows)
    plaintextOf.mockClear()
    const stored = ["a", "c", "d", "e"].map((value) => index.stored([value]))

    expect(stored).toEqual(["a", "c", "d", "e"].map((value) => digestOf(context, value)))
    expect(plaintextOf).not.toHaveBeenCalled()
    expect(index.stored(["a"])).toBe(digestOf(context, "a"))
    expect(plaintextOf).toHaveBeenCalledTimes(1)
  })

  test.each<[string, (index: BlindIndex, rings: Keyring[]) => void]>([
    ["another value is asked for", (index) => index.stored(["z"])],
    ["other keys are at work", (_, rings) => rings.reverse()],
    [
      "it is forgotten",
      (index) => {
        index.forgetAhead()
      },
    ],
  ])("makes it anew where %s", (_, change) => {
    const plaintextOf = jest.fn(String)
    const rings = [ring, new Keyring([keys.second])]
    const index = indexOf({}, [member("email", { plaintextOf })], () => rings[0] ?? ring)
    index.storeAhead(["a", "b", "c", "d"].map((value) => [value]))

    change(index, rings)
    plaintextOf.mockClear()
    const stored = index.stored(["a"])

    expect(plaintextOf).toHaveBeenCalledTimes(1)
    expect(stored).toBe(indexOf({}, [email], () => rings[0] ?? ring).stored(["a"]))
  })

  test("takes values apart of which one is another", () => {
    const index = indexOf({}, [member("a"), member("b")])
    index.storeAhead(["1", "2", "3", "4"].map((value) => [value, "same"]))

    expect(index.stored(["1", "other"])).toBe(digestOf(context, ["1", "other"]))
  })

  test("seeks any of several values, each digest once", () => {
    const index = indexOf({ normalize: "lowercase" })

    const of = (...values: string[]): readonly string[] =>
      index.searchedAny(values.map((value) => [value]))

    const [a, b] = [digestOf(context, "a"), digestOf(context, "b")]
    expect(of()).toEqual([])
    expect(of("a")).toEqual([a])
    expect(of("a", "b", "A")).toEqual([a, b])
  })

  test("asks for its ring each time, and derives its keys once", () => {
    let derived = 0
    class Counting extends Keyring {
      override deriveMacs(purpose: string): ReturnType<Keyring["deriveMacs"]> {
        derived++
        return super.deriveMacs(purpose)
      }
    }
    const rings = [keys.first, keys.second].map((key) => new Counting([key]))
    let at = 0
    const index = indexOf({}, [email], () => rings[at] ?? ring)

    const digests = [0, 1, 0].map((one) => {
      at = one
      return index.stored(["a"])
    })

    const under = (key: string): string => digestOf(context, "a", { key })
    expect(digests).toEqual([under(keys.first), under(keys.second), under(keys.first)])
    expect(derived).toBe(2)
  })

  test("names its properties where a value cannot be indexed", () => {
    const refuses = { plaintextOf: (value: unknown) => value as string }
    const index = indexOf({}, [member("email", refuses), member("phone", refuses)])

    const error = thrownBy(() => index.stored(["\ud800", "1"]))

    expect(error).toBeInstanceOf(EncryptionError)
    expect(error).toMatchObject({
      code: "ERR_INVALID_VALUE",
      message: "User.email, User.phone: text with a lone surrogate has no UTF-8 form to index.",
    })
  })

  test("lets through what else is thrown", () => {
    const reason = new RangeError("no keys today")
    const index = indexOf({}, [email], () => {
      throw reason
    })

    expect(thrownBy(() => index.stored(["a"]))).toBe(reason)
  })

  test.each<[BlindIndexOptions["normalize"], BlindIndexOptions["normalize"], boolean]>([
    [[], [], true],
    ["trim", "trim", true],
    ["trim", [], false],
    [[], "trim", false],
    ["trim", "lowercase", false],
    [["trim", "lowercase"], ["trim", "uppercase"], false],
    [["trim", "lowercase"], "trim", false],
    [["trim", "lowercase"], ["lowercase", "trim"], false],
  ])("normalizing by %p equates texts as one by %p: %s", (one, other, expected) => {
    const [a, b] = [one, other].map((normalize) => indexOf({ ...(normalize && { normalize }) }))

    expect(b && a?.equatesAs(b)).toBe(expected)
  })

  test.each<[BlindIndexOptions, boolean]>([
    [{}, true],
    [{ bits: 256 }, true],
    [{ bits: 127 }, false],
    [{ normalize: "trim" }, false],
    [{ bits: 1, normalize: "trim" }, false],
  ])("declared as %p distinguishes all values: %s", (options, expected) => {
    expect(indexOf(options).distinguishes).toBe(expected)
  })

  test("takes long lists as its first member's database does", () => {
    expect(indexOf({}, [member("email", { longList }), email]).longList).toBe(longList)
    expect(indexOf().longList).toBeUndefined()
  })

  test("seeks plaintext only if all of its members may hold it", () => {
    const open = member("a", { plaintextAllowed: true })

    expect(indexOf({}, [open]).searchesPlaintext).toBe(true)
    expect(indexOf({}, [open, email]).searchesPlaintext).toBe(false)
    expect(indexOf({}, [email]).searchesPlaintext).toBe(false)
  })
})

describe("the cell of a row that is not encrypted yet", () => {
  test("has the values, as they are and normalized, each text once", () => {
    const isToken = (cell: string): string => `is_token(${cell})`
    const one = member("email", { isToken, longList, castsToBytes: true })
    const index = indexOf({ normalize: ["trim", "lowercase"] }, [one])

    expect(index.legacyCell(one, [" A", "a", "b"])).toEqual({
      path: "email",
      texts: [" A", "a", "b"],
      functions: ["TRIM", "LOWER"],
      ...{ isToken, longList, castsToBytes: true },
    })
    expect(index.legacyCell(email, ["a"])).toMatchObject({
      ...{ isToken: undefined, longList: undefined, castsToBytes: false },
    })
  })

  test("is the text of bytes", () => {
    const bytes = member("scan", { plaintextOf: (value) => Buffer.from(String(value)) })

    expect(indexOf({}, [bytes]).legacyCell(bytes, ["Zoë"]).texts).toEqual(["Zoë"])
  })

  test.each<[BlindIndexOptions["normalize"], readonly string[]]>([
    ["uppercase", ["UPPER"]],
    ["lowercase", ["LOWER"]],
    ["trim", ["TRIM"]],
    ["digits", []],
    [["trim", "nfkc"], []],
    [["trim", (text) => text], []],
  ])("is normalized by %p in SQL as a whole or not at all: %p", (normalize, functions) => {
    const index = indexOf({ ...(normalize && { normalize }) })

    expect(index.legacyCell(email, ["a"]).functions).toEqual(functions)
  })
})

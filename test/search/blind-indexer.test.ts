import { inspect } from "node:util"

import { describe, expect, jest, test } from "@jest/globals"

import { Keyring } from "../../src/fernet/keyring"
import { BlindIndexRefusal } from "../../src/search/blind-index-refusal"
import type { IndexedValues } from "../../src/search/blind-indexer"
import { reachableText } from "../binding/reachable-text"
import { indexerOf } from "./indexer-of"
import { referenceDigest } from "./reference"
import { blindIndexVectors, VECTOR_KEYS, vectorBytes } from "./vectors"

const { first, second } = VECTOR_KEYS
const context = "users/email/email_index"
const alice = ["alice@example.com"]
const ring = new Keyring([first, second])

describe.each(blindIndexVectors)("the vector: $name", (vector) => {
  const indexer = indexerOf(vector, new Keyring([VECTOR_KEYS[vector.key]]))

  test("is what BlindIndexer computes", () => {
    expect(indexer.stored(vector.values)).toBe(vector.digest)
    expect(indexer.searched(vector.values)).toEqual([vector.digest])
  })

  test("is what the formula says", () => {
    const { key, context, bits } = vector

    const terms = { key: VECTOR_KEYS[key], context, values: vectorBytes(vector) }

    expect(referenceDigest({ ...terms, ...(bits && { bits }) })).toBe(vector.digest)
    expect(indexer.exact(vector.values)).toBe(referenceDigest(terms))
  })
})

describe("BlindIndexer", () => {
  const indexer = indexerOf({ context, bits: 256 }, ring)

  test("stores the digest under the first key and searches for those under every key", () => {
    const under = (key: string): string =>
      indexerOf({ context, bits: 256 }, new Keyring([key])).stored(alice)

    expect(indexer.stored(alice)).toBe(under(first))
    expect(indexer.searched(alice)).toEqual([under(first), under(second)])
    expect(indexer.exact(alice)).toBe(under(first))
  })

  test("searches once for a digest that truncation makes the same under several keys", () => {
    const truncated = indexerOf({ context, bits: 1 }, ring)

    expect(truncated.searched(alice)).toEqual(["0"])
  })

  test("keeps apart by the exact digest what shares a truncated one", () => {
    const truncated = indexerOf({ context, bits: 1, normalize: "lowercase" }, ring)
    const values = ["alice", "ALICE", "bob", "carol", "dave"]

    expect(new Set(values.map((value) => truncated.stored([value]))).size).toBe(2)
    expect(new Set(values.map((value) => truncated.exact([value]))).size).toBe(4)
  })

  test("takes the bytes of a text for the text, but does not normalize them", () => {
    const lower = indexerOf({ context, normalize: "lowercase" }, ring)

    expect(lower.stored([Buffer.from("alice@example.com")])).toBe(lower.stored(alice))
    expect(lower.stored([Buffer.from("ALICE@example.com")])).not.toBe(lower.stored(alice))
  })

  test("equals the formula for values of any length, one after the other", () => {
    for (const length of [0, 1, 1024, 1025, 70_000, 3]) {
      const value = Buffer.alloc(length, length)
      const values = [value, value]

      expect(indexer.stored([value])).toBe(
        referenceDigest({ key: first, context, values: [value] }),
      )
      expect(indexer.stored(values)).toBe(referenceDigest({ key: first, context, values }))
    }
  })

  test("is not disturbed by a normalizer that indexes something else", () => {
    const nested = indexerOf(
      {
        context,
        bits: 256,
        normalize: (text) => text + indexer.stored(["something else"]).slice(64),
      },
      ring,
    )

    expect(nested.stored(alice)).toBe(indexer.stored(alice))
  })

  test("keeps its normalizers when the list changes", () => {
    const normalize: ("lowercase" | "trim")[] = ["lowercase"]
    const lower = indexerOf({ context, normalize }, ring)
    const digest = lower.stored([" A"])

    normalize.push("trim")

    expect(lower.stored([" A"])).toBe(digest)
  })

  test("shows nothing of its keys or of what it indexed", () => {
    indexer.searched(alice)

    expect(inspect(indexer, { showHidden: true, depth: Infinity })).toBe("BlindIndexer {}")
    expect(JSON.stringify(indexer)).toBe("{}")
    expect(reachableText(indexer)).not.toContain("alice")
  })
})

describe("BlindIndexer.storedMany", () => {
  const lists: readonly IndexedValues[] = [
    ...["", "alice", "Grüße", "x".repeat(2_000)].map((text) => [text]),
    ...[
      [Buffer.from("alice")],
      ["alice", "bob"],
      ["é", Buffer.from([0xff])],
      ["x".repeat(128), ""],
    ],
  ]

  test.each([
    ["of many lists", lists],
    ["of few", lists.slice(0, 2)],
    ["of none", []],
  ])("returns what stored() does, %s", (_, some) => {
    for (const options of [{ bits: 256 }, { bits: 13, normalize: "uppercase" }] as const) {
      const indexer = indexerOf({ context, ...options }, ring)

      expect(indexer.storedMany(some)).toEqual(some.map((values) => indexer.stored(values)))
    }
  })

  test("returns nothing for what is refused, in its place", () => {
    const indexer = indexerOf({ context }, ring)
    const digest = indexer.stored(alice)
    const refused = ["half a pair \ud83d"]

    expect(indexer.storedMany([refused, alice, [], alice, refused, alice])).toEqual([
      ...[undefined, digest, undefined, digest, undefined, digest],
    ])
  })

  test("returns nothing where a normalizer throws", () => {
    const normalize = (): never => {
      throw new RangeError("not normalized")
    }

    expect(indexerOf({ context, normalize }, ring).storedMany([alice])).toEqual([undefined])
  })

  test("wipes the bytes it made of values", () => {
    const fill = jest.spyOn(Uint8Array.prototype, "fill")
    const indexer = indexerOf({ context }, ring)

    indexer.storedMany([[Buffer.from("alice")], ["alice", Buffer.from("bob")]])

    const wiped = fill.mock.contexts.map((one) => Buffer.from(one as Uint8Array))
    fill.mockRestore()
    expect(wiped).toEqual(expect.arrayContaining([5, 4 + 5 + 4 + 3].map((n) => Buffer.alloc(n))))
  })

  test("leaves it all to others if the index is slow", () => {
    const slow = indexerOf({ context, slow: 10 }, ring)

    expect(slow.storedMany([alice, alice])).toEqual([undefined, undefined])
  })
})

describe("BlindIndexer refuses", () => {
  test.each<[what: string, values: readonly unknown[], message: RegExp]>([
    ["no value at all", [], /^there is no value/],
    ["null", [null], /takes text or bytes only/],
    ["a number beside text", ["secret", 7], /takes text or bytes only/],
    ["an object", [{ secret: "secret" }], /takes text or bytes only/],
    ["half a surrogate pair", ["secret\ud83d"], /^text with a lone surrogate/],
  ])("%s, without quoting it", (_what, values, message) => {
    const indexer = indexerOf({ context }, ring)

    for (const method of ["stored", "searched", "exact"] as const) {
      const call = (): unknown => indexer[method](values as IndexedValues)
      expect(call).toThrow(BlindIndexRefusal)
      expect(call).toThrow(message)
      expect(call).not.toThrow("secret")
    }
  })

  test.each<[what: string, options: object, message: RegExp]>([
    ["an empty context", { context: "" }, /context .* 1 to 994 bytes/],
    ["a context with half a surrogate pair", { context: "\ud83d" }, /context/],
    ["a context too long for HKDF", { context: "é".repeat(498) }, /context/],
    ["an unknown normalizer", { context, normalize: "downcase" }, /use digits, lowercase, nfkc/],
    ["a property every object has", { context, normalize: "toString" }, /unknown normalizer/],
    ["an unknown normalizer in a list", { context, normalize: ["trim", 7] }, /unknown normalizer/],
    ["null for a normalizer", { context, normalize: null }, /unknown normalizer/],
    ["no bits", { context, bits: 0 }, /bits .* 1 to 256/],
    ["more bits than there are", { context, bits: 257 }, /bits/],
    ["half a bit", { context, bits: 0.5 }, /bits/],
    ["bits as text", { context, bits: "32" }, /bits/],
  ])("%s", (_what, options, message) => {
    const make = (): unknown => indexerOf(options, ring)

    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test("no context that HKDF takes", () => {
    const longest = indexerOf({ context: "é".repeat(497), bits: 256 }, ring)

    expect(longest.stored(alice)).toBe(
      referenceDigest({
        key: first,
        context: "é".repeat(497),
        values: alice.map((text) => Buffer.from(text)),
      }),
    )
  })
})

import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { generateKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"
import type { Normalizer } from "../../src/column/blind-index"
import { toTextFunction } from "../../src/search/normalize"
import { engineStates } from "../fernet/engine-states"
import { indexerOf } from "./indexer-of"
import { referenceDigest } from "./reference"

const key = generateKey()
const ring = new Keyring([key])
const context = "users/email/email_index"

/** Of characters that normalizers make equal. */
const text = fc.string({
  unit: fc.constantFrom(...Array.from("aAbBßẞİiſK\u212aﬁ １1٣3\t\u0301é")),
  maxLength: 6,
})
const anyText = fc.string({ unit: "binary", maxLength: 60 }).filter((one) => one.isWellFormed())
const anyBytes = fc.uint8Array({ maxLength: 200 })
const values = fc.array(fc.oneof(anyText, anyBytes), { minLength: 1, maxLength: 4 })
const bits = fc.integer({ min: 1, max: 256 })
const normalize = fc.subarray<Normalizer>(["nfkc", "digits", "trim", "lowercase", "uppercase"])

describe("a digest", () => {
  test("is what the formula says, whatever the values and the bits", () => {
    fc.assert(
      fc.property(values, bits, (list, bits) => {
        const digest = indexerOf({ context, bits }, ring).stored(list)

        const bytes = list.map((value) => Buffer.from(value as string))
        expect(digest).toBe(referenceDigest({ key, context, bits, values: bytes }))
        expect(digest).toMatch(/^[0-9a-f]+$/)
        expect(digest).toHaveLength(Math.ceil(bits / 4))
      }),
      { numRuns: 300 },
    )
  })

  test.each(engineStates)(
    "of many lists of values is that of each, and refused where that is, with the engine %s",
    (_state, { BlindIndexer, Keyring }) => {
      const list = fc.oneof(
        { weight: 9, arbitrary: values },
        fc.constantFrom([], ["\ud800"], ["a", 7 as unknown as string]),
      )

      fc.assert(
        fc.property(
          fc.array(list, { maxLength: 40 }),
          bits,
          normalize,
          (lists, bits, normalize) => {
            const indexer = new BlindIndexer({ context, bits, normalize }, new Keyring([key]))
            const alone = lists.map((one) => {
              try {
                return indexer.stored(one)
              } catch {
                return undefined
              }
            })

            expect(indexer.storedMany(lists)).toEqual(alone)
          },
        ),
      )
    },
  )

  test("is the same exactly if the texts are the same after normalization", () => {
    fc.assert(
      fc.property(normalize, text, text, (normalize, one, other) => {
        const indexer = indexerOf({ context, normalize }, ring)
        const normalized = toTextFunction(normalize)

        const isSame = indexer.stored([one]) === indexer.stored([other])

        expect(isSame).toBe(normalized(one) === normalized(other))
        expect(indexer.exact([one]) === indexer.exact([other])).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })

  test("is the beginning of the digest of more bits, with the rest of its last digit cleared", () => {
    fc.assert(
      fc.property(anyText, bits, (value, bits) => {
        const indexer = indexerOf({ context, bits }, ring)
        const binary = (digest: string): string =>
          Array.from(digest, (digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join("")

        const kept = binary(indexer.stored([value]))

        expect(kept.slice(0, bits)).toBe(binary(indexer.exact([value])).slice(0, bits))
        expect(kept.slice(bits)).toMatch(/^0{0,3}$/)
      }),
    )
  })

  test("differs between contexts", () => {
    const contexts = fc.uniqueArray(
      anyText.filter((one) => one !== ""),
      {
        minLength: 2,
        maxLength: 5,
      },
    )

    fc.assert(
      fc.property(contexts, values, (contexts, list) => {
        const digests = contexts.map((context) => indexerOf({ context }, ring).stored(list))

        expect(new Set(digests).size).toBe(contexts.length)
      }),
    )
  })

  test("differs between keys, also if they share a half", () => {
    const half = fc.uint8Array({ minLength: 16, maxLength: 16 })

    fc.assert(
      fc.property(half, half, half, values, (a, b, c, list) => {
        fc.pre(!Buffer.from(b).equals(c))
        const [ab, ac] = [b, c].map((second) => {
          const spelt = Buffer.concat([a, second]).toString("base64url")
          return indexerOf({ context }, new Keyring([`${spelt}=`])).stored(list)
        })

        expect(ab).not.toBe(ac)
      }),
    )
  })
})

describe("a compound digest", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "\0", "\u0001"), maxLength: 5 })
  const parts = fc.array(part, { minLength: 2, maxLength: 4 })
  const indexer = indexerOf({ context, bits: 256 }, ring)

  test("is the same for the same values in the same order only", () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const isSame = indexer.stored(one) === indexer.stored(other)

        expect(isSame).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      { numRuns: 1000 },
    )
  })

  test("notices where one value ends and the next begins", () => {
    const joined = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 12 })

    fc.assert(
      fc.property(joined, (joined) => {
        const splits = Array.from({ length: joined.length + 1 }, (_, at) =>
          indexer.stored([joined.slice(0, at), joined.slice(at)]),
        )

        expect(new Set(splits).size).toBe(splits.length)
      }),
    )
  })
})

import { describe, expect, test } from "@jest/globals"

import { Keyring } from "../../src/fernet/keyring"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { blindIndexMisuse } from "../../src/search/blind-index-misuse"
import { slowDigest } from "./slow-digest"
import { slowIndexVectors, VECTOR_KEYS } from "./vectors"

const definition = { context: "users/email/email_index", normalize: [], bits: 256, slow: 10 }
const ring = new Keyring([VECTOR_KEYS.first])

describe("a slow index", () => {
  test.each(slowIndexVectors)("has the published digest at cost $slow", ({ slow, digest }) => {
    const indexer = new BlindIndexer({ ...definition, bits: 128, slow }, ring)

    expect(indexer.stored(["alice@example.com"])).toBe(digest)
  })

  test("is the HMAC of the scrypt of its message, under each key", () => {
    const indexer = new BlindIndexer(
      definition,
      new Keyring([VECTOR_KEYS.second, VECTOR_KEYS.first]),
    )
    const message = Buffer.from([0, 0, 0, 2, ...Buffer.from("ab"), 0, 0, 0, 1, ...Buffer.from("c")])

    expect(indexer.searched(["ab", "c"])).toEqual(
      [VECTOR_KEYS.second, VECTOR_KEYS.first].map((key) =>
        slowDigest(key, definition.context, message, 10),
      ),
    )
    expect(indexer.stored(["ab", "c"])).toBe(indexer.searched(["ab", "c"])[0])
  })

  test("compares what it found by a digest that is not slow", () => {
    const fast = { ...definition, slow: undefined }
    const [slowly, quickly] = [definition, fast].map((one) => new BlindIndexer(one as never, ring))

    expect(slowly?.exact(["a"])).toBe(quickly?.exact(["a"]))
    expect(slowly?.stored(["a"])).not.toBe(quickly?.stored(["a"]))
  })

  test.each([true, false, 10, 20])("may cost %p", (slow) => {
    expect([...blindIndexMisuse({ context: "a", slow })]).toEqual([])
  })

  test.each([9, 21, 15.5, "15", null])("may not cost %p", (slow) => {
    expect([...blindIndexMisuse({ context: "a", slow })].join()).toContain("from 10 to 20")
  })
})

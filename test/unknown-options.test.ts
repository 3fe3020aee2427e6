import { describe, expect, test } from "@jest/globals"

import { nearestName, unknownOptions } from "../src/unknown-options"

const known = { keyring: true, plaintext: true, lazyKeys: true } as const

describe("unknownOptions", () => {
  test("has nothing to say about options that are known", () => {
    expect(unknownOptions({ plaintext: "allow", lazyKeys: undefined }, known)).toEqual([])
  })

  test("names the nearest option for every one that is not", () => {
    expect(unknownOptions({ plaintxt: "allow", keyRings: 1 }, known)).toEqual([
      "unknown option plaintxt (did you mean plaintext?)",
      "unknown option keyRings (did you mean keyring?)",
    ])
  })

  test("names them all where none is near", () => {
    expect(unknownOptions({ ttl: 60 }, known)).toEqual([
      "unknown option ttl (there are keyring, plaintext, lazyKeys)",
    ])
  })

  test("knows no option that every object has", () => {
    expect(unknownOptions({ toString: 1 }, known)).toHaveLength(1)
  })

  test("refuses a misspelt option that is undefined, too", () => {
    expect(unknownOptions({ plaintxt: undefined }, known)).toHaveLength(1)
  })

  test("never shows a value", () => {
    expect(unknownOptions({ keyrin: "secret" }, known).join()).not.toContain("secret")
  })
})

describe("nearestName", () => {
  const names = ["batchSize", "concurrency", "where", "shard", "bits", "with"]

  test.each([
    ["a letter left out", "batchSze", "batchSize"],
    ["a letter too many", "wheree", "where"],
    ["another letter", "shart", "shard"],
    ["two letters swapped", "bist", "bits"],
    ["another case", "batchsize", "batchSize"],
    ["an underscore", "batch_size", "batchSize"],
    ["several mistakes in a long word", "concurency_", "concurrency"],
  ])("sees through %s", (_, misspelt, name) => {
    expect(nearestName(misspelt, names)).toBe(name)
  })

  test.each(["size", "limit", "", "b"])("has no guess for %j", (name) => {
    expect(nearestName(name, names)).toBeUndefined()
  })

  test("prefers the nearest to the first", () => {
    expect(nearestName("wit", ["bits", "with"])).toBe("with")
  })
})

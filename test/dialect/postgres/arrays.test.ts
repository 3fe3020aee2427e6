import { describe, expect, test } from "@jest/globals"

import { PackedArray, packText } from "../../../src/dialect/postgres/arrays"

describe("PackedArray", () => {
  const cells = ["plain", null, "", "Zoë 🚑", 'quotes " and \\ and {,}']

  test("reads what packText packs", () => {
    const array = new PackedArray(packText(cells))

    expect(array.size).toBe(5)
    expect(array.texts()).toEqual(cells)
  })

  test("gives out the bytes of one element", () => {
    const array = new PackedArray(packText(cells))

    expect(array.at(3)).toEqual(Buffer.from("Zoë 🚑"))
    expect(array.at(1)).toBeUndefined()
  })

  test("picks elements as they are", () => {
    const array = new PackedArray(packText(cells))

    expect(new PackedArray(array.pick([1, 4])).texts()).toEqual([null, cells[4]])
  })

  test("is passed on untouched if all elements are picked", () => {
    const bytes = packText(cells)

    expect(new PackedArray(bytes).pick([0, 1, 2, 3, 4])).toBe(bytes)
  })

  test("is empty where there is nothing to aggregate", () => {
    expect(new PackedArray(undefined).size).toBe(0)
    expect(new PackedArray(undefined).texts()).toEqual([])
  })

  test("has no element beyond its end", () => {
    expect(() => new PackedArray(packText(["a"])).at(7)).toThrow("no element 7")
  })
})

describe("packText", () => {
  test("spells an array as the server does", () => {
    // SELECT encode(array_send(ARRAY['ab', NULL]), 'hex')
    expect(packText(["ab", null]).toString("hex")).toBe(
      "00000001" + "00000001" + "00000019" + "00000002" + "00000001" + "000000026162" + "ffffffff",
    )
  })

  test("spells an empty array as the server does", () => {
    // SELECT encode(array_send(ARRAY[]::text[]), 'hex')
    expect(packText([]).toString("hex")).toBe("00000000" + "00000000" + "00000019")
  })
})

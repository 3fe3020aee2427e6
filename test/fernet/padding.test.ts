import { describe, expect, test } from "@jest/globals"

import { findPadding, paddedBlocks, writePadding } from "../../src/fernet/padding"

describe("paddedBlocks", () => {
  test.each([
    [0, 1],
    [15, 1],
    [16, 2],
    [31, 2],
    [32, 3],
  ])("%d bytes fill %d blocks", (length, blocks) => {
    expect(paddedBlocks(length)).toBe(blocks)
  })
})

describe("writePadding", () => {
  test("writes its own length in every byte, and nothing else", () => {
    const bytes = Buffer.alloc(20)

    writePadding(bytes, 13, 16)

    expect(bytes.toString("hex")).toBe("00".repeat(13) + "030303" + "00".repeat(4))
  })
})

describe("findPadding", () => {
  const blocks = (...tail: number[]): Buffer =>
    Buffer.concat([Buffer.alloc(32 - tail.length, 0x61), Buffer.from(tail)])

  test.each([1, 2, 15, 16])("finds %d bytes of padding", (length) => {
    expect(findPadding(blocks(...Array<number>(length).fill(length)))).toBe(32 - length)
  })

  test("takes no more than the last bytes for padding", () => {
    expect(findPadding(blocks(2, 2, 2))).toBe(30)
  })

  test.each([
    ["length 0", [0]],
    ["length 17", Array<number>(17).fill(17)],
    ["length 255", [255]],
    ["a wrong first byte", [3, 4, 4, 4]],
    ["a wrong byte before the last", [3, 3, 4, 3]],
  ])("refuses padding with %s", (_, tail) => {
    expect(findPadding(blocks(...tail))).toBeUndefined()
  })
})

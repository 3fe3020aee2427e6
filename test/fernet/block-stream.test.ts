import { describe, expect, test } from "@jest/globals"

import { BlockStream, type BlockTransform } from "../../src/fernet/block-stream"

const block = Buffer.alloc(16, 0x61)

/** A stream whose transforms do, each in its turn, what is given here; and how many were made. */
function streamOf(...updates: BlockTransform["update"][]): { stream: BlockStream; made: number[] } {
  const made: number[] = []
  const stream = new BlockStream(() => {
    const update = updates[made.length]
    if (update === undefined) throw new Error("one transform too many")
    made.push(made.length)
    return { update }
  })
  return { stream, made }
}

const copies: BlockTransform["update"] = (blocks) => Buffer.from(blocks)

describe("BlockStream", () => {
  test("makes its transform when it is first used, and one for all calls", () => {
    const { stream, made } = streamOf(copies)
    expect(made).toHaveLength(0)

    stream.transform(block)
    stream.transform(block)

    expect(made).toHaveLength(1)
  })

  test("returns what the transform returns", () => {
    const { stream } = streamOf(copies)

    expect(stream.transform(block).equals(block)).toBe(true)
  })

  test.each([
    ["held bytes back", () => Buffer.alloc(0)],
    ["returned more than it was given", () => Buffer.alloc(32)],
  ])("drops a transform that %s, and starts anew with the next call", (_, update) => {
    const { stream, made } = streamOf(update, copies)

    expect(() => stream.transform(block)).toThrow("another number of bytes")

    expect(stream.transform(block).equals(block)).toBe(true)
    expect(made).toHaveLength(2)
  })

  test("drops a transform that threw", () => {
    const { stream, made } = streamOf(() => {
      throw new Error("out of memory")
    }, copies)

    expect(() => stream.transform(block)).toThrow("out of memory")

    expect(stream.transform(block).equals(block)).toBe(true)
    expect(made).toHaveLength(2)
  })
})

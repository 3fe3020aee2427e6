import { describe, expect, test } from "@jest/globals"

import { RandomPool } from "../../src/fernet/random-pool"

/** A pool whose bytes count up from 1, the bytes themselves, and how often it was filled. */
function watchedPool(): { pool: RandomPool; seen: { bytes: Buffer; fills: number } } {
  const seen = { bytes: Buffer.alloc(0), fills: 0 }
  const pool = new RandomPool((bytes) => {
    seen.bytes = Buffer.from(bytes.buffer)
    seen.bytes.fill(++seen.fills)
  })
  return { pool, seen }
}

function take(pool: RandomPool): string {
  const target = new DataView(new ArrayBuffer(20))
  pool.takeBlock(target, 2)
  return Buffer.from(target.buffer).toString("hex")
}

describe("RandomPool", () => {
  test("writes 16 bytes where it is told to", () => {
    const { pool } = watchedPool()

    expect(take(pool)).toBe("0000" + "01".repeat(16) + "0000")
  })

  test("draws nothing before the first block is asked for", () => {
    const { seen } = watchedPool()

    expect(seen.fills).toBe(0)
  })

  test("overwrites the bytes that it gave out, and only these", () => {
    const { pool, seen } = watchedPool()

    take(pool)
    take(pool)

    expect(seen.bytes.subarray(0, 32).equals(Buffer.alloc(32))).toBe(true)
    expect(seen.bytes.subarray(32).equals(Buffer.alloc(4096 - 32, 1))).toBe(true)
  })

  test("is filled again when its 256 blocks are used up, so that none is given twice", () => {
    const { pool, seen } = watchedPool()

    const blocks = Array.from({ length: 257 }, () => take(pool))

    expect(blocks.slice(0, 256).every((block) => block.includes("01".repeat(16)))).toBe(true)
    expect(blocks[256]).toContain("02".repeat(16))
    expect(seen.fills).toBe(2)
  })

  test("gives out nothing of what it held once that is dropped", () => {
    const { pool, seen } = watchedPool()
    take(pool)

    pool.drop()

    expect(seen.bytes.equals(Buffer.alloc(4096))).toBe(true)
    expect(take(pool)).toContain("02".repeat(16))
  })

  test("gives nothing out when the source of randomness fails", () => {
    let works = false
    const pool = new RandomPool((bytes) => {
      if (!works) throw new Error("no entropy")
      bytes.fill(7)
    })

    expect(() => take(pool)).toThrow("no entropy")
    works = true
    expect(take(pool)).toContain("07".repeat(16))
  })

  test("draws from the operating system by default", () => {
    const pool = new RandomPool()

    const blocks = new Set(Array.from({ length: 1000 }, () => take(pool)))

    expect(blocks.size).toBe(1000)
  })
})

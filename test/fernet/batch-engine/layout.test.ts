import { describe, expect, test } from "@jest/globals"

import { AT, hashBlocksOf, LIMITS, PAGES } from "../../../src/fernet/batch-engine/layout"
import { tokenLength } from "../../../src/fernet/token-format"

type Region = keyof typeof AT

const [BLOCK, HASH_BLOCK, VECTOR] = [16, 64, 16]
/** Version, timestamp and IV. */
const HEAD = 1 + 8 + 16
const lengths = Array.from({ length: LIMITS.blocks * BLOCK }, (_, length) => length)

/** Bytes of a text with its padding. */
const padded = (length: number): number => (Math.floor(length / BLOCK) + 1) * BLOCK
/** Bytes of the slot of a message, and of the room behind it. */
const slotOf = (message: number): number => (hashBlocksOf(message) + 2) * HASH_BLOCK

/** From where a region begins to where the next one does. */
function roomOf(region: Region): number {
  const behind = Object.values(AT).filter((start) => start > AT[region])
  return Math.min(...behind, PAGES * 65_536) - AT[region]
}

/** What a batch makes of its texts at the most, if each text makes so much of so many bytes. */
function mostOf(made: (length: number) => number, each = 1, bytes = LIMITS.textBytes): number {
  const more = Math.max(...lengths.map((length) => made(length) - each * length))
  return bytes * each + LIMITS.entries * more
}

describe("memory has room", () => {
  test.each<[Region, string, number]>([
    ["text", "tokens that are opened", LIMITS.tokenCharacters],
    ["text", "texts that are sealed", LIMITS.textBytes],
    ["text", "tokens that are made", mostOf(tokenLength, 4 / 3)],
    ["slotBytes", "tokens that are made", mostOf((length) => slotOf(HEAD + padded(length)))],
    ["slotBytes", "messages", mostOf(slotOf)],
    ["cipherInput", "IVs and padded texts", mostOf((length) => BLOCK + padded(length))],
    ["cipherOutput", "IVs and padded texts", mostOf((length) => BLOCK + padded(length))],
  ])("in %s for %s, and a vector more", (region, _what, most) => {
    expect(roomOf(region)).toBeGreaterThanOrEqual(Math.ceil(most) + VECTOR)
  })

  test("for the slots of tokens, which are longer than what is in them", () => {
    const slots = (length: number): number => slotOf(HEAD + padded(length)) - tokenLength(length)

    expect(roomOf("slotBytes")).toBeGreaterThanOrEqual(
      LIMITS.tokenCharacters + LIMITS.entries * Math.max(...lengths.map(slots)),
    )
  })

  test.each<Region>([
    ...(["lengths", "wide", "slots", "blocks", "hashBlocks"] as const),
    ...(["openedBy", "cipherAt", "macAt"] as const),
  ])("in %s for a number of each entry", (table) => {
    expect(roomOf(table)).toBeGreaterThanOrEqual(4 * LIMITS.entries)
  })

  test("for each entry in order, and for those that fill up the last lanes", () => {
    expect(roomOf("order")).toBeGreaterThanOrEqual(4 * (LIMITS.entries + 3))
  })

  test.each<[Region, number]>([
    ["roundConstants", 64 * VECTOR],
    ["masks", 3 * VECTOR],
    ["keyStates", 2 * 32],
    ["words", 16 * VECTOR],
    ["state", 8 * VECTOR],
    ["macs", 32 * LIMITS.entries],
  ])("in %s for %i bytes", (region, size) => {
    expect(roomOf(region)).toBeGreaterThanOrEqual(size)
  })
})

test("no two regions of memory begin at one place", () => {
  expect(new Set(Object.values(AT)).size).toBe(Object.keys(AT).length)
})

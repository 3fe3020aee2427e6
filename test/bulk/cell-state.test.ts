import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { classifyCell, opens } from "../../src/bulk/cell-state"
import { Keyring } from "../../src/fernet/keyring"
import { keys } from "../support/keys"

const ring = new Keyring([keys.first, keys.second])
const older = new Keyring([keys.second])
const stranger = new Keyring(["c3RyYW5nZXIga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnk="])
const text = fc.string({ unit: "grapheme" })
const state = (cell: string | null) => classifyCell(cell, ring).state

describe("classifyCell", () => {
  test("knows NULL", () => {
    expect(classifyCell(null, ring)).toEqual({ state: "null" })
  })

  test("finds a token under the shared keys shared while its column moves, and opens it", () => {
    const own = ring.forColumn(["patient", "ssn"], "moving")
    const [first, second] = [ring, older].map((one) => classifyCell(one.encrypt("x"), own))

    expect([first?.state, second?.state]).toEqual(["shared", "shared"])
    expect(first && opens(first)).toBe(true)
    expect(first?.keyIndex).not.toBe(second?.keyIndex)
    expect(classifyCell(ring.encrypt("y"), own)).toBe(first)
    expect(classifyCell(own.encrypt("x"), own)).toEqual({ state: "current", keyIndex: 0 })
  })

  test("finds it shared, and does not open it, where its column takes its own keys only", () => {
    const own = ring.forColumn(["patient", "ssn"], "only")
    const barred = classifyCell(older.encrypt("x"), own)

    expect(barred.state).toBe("shared")
    expect(opens(barred)).toBe(false)
    expect(classifyCell(stranger.encrypt("x"), own).state).toBe("unreadable")
  })

  test("finds any text that begins unlike a token to be plaintext", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.trimStart().startsWith("gAAAAA"))
        expect(state(value)).toBe("plaintext")
      }),
    )
  })

  test("finds a token under the first key current, and under another stale", () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(classifyCell(ring.encrypt(value), ring)).toEqual({ state: "current", keyIndex: 0 })
        expect(classifyCell(older.encrypt(value), ring)).toEqual({ state: "stale", keyIndex: 1 })
      }),
    )
  })

  test("finds a token under no key of the ring unreadable", () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(state(stranger.encrypt(value))).toBe("unreadable")
      }),
    )
  })

  test("finds a token unreadable that was cut off, or of which a character changed", () => {
    fc.assert(
      fc.property(text, fc.nat(), (value, seed) => {
        const token = ring.encrypt(value)
        const at = 7 + (seed % (token.length - 9))
        const other = token[at] === "x" ? "y" : "x"

        expect(state(token.slice(0, at))).toBe("unreadable")
        expect(state(token.slice(0, at) + other + token.slice(at + 1))).toBe("unreadable")
      }),
    )
  })

  test("finds a sentence that begins as a token does to be plaintext", () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(state(`gAAAAAB and ${value.trim()}.`)).toBe("plaintext")
      }),
    )
  })
})

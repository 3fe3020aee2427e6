import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"

import { RevealedCells } from "../../../src/binding/columns/revealed-cells"
import { Keyring } from "../../../src"
import { keyring, keys } from "../../support/keys"

const owner = { ring: keyring, tenant: undefined }
const always = () => true

describe("plaintexts of revealed cells", () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  const kept = (options = {}) => new RevealedCells({ seconds: 10, ...options })
  const plaintext = () => Buffer.from("secret")

  test("are had by the very cell, ring and tenant, as copies", () => {
    const cells = kept()
    cells.keep("cell", owner, plaintext(), 5)
    cells.take("cell", owner, always)?.fill(0)

    expect(cells.take("cell", owner, always)).toEqual(plaintext())
    expect(cells.take("other", owner, always)).toBeUndefined()
  })

  test.each([
    ["ring", { ring: new Keyring([keys.first]), tenant: undefined }],
    ["tenant", { ring: keyring, tenant: "north" }],
  ])("are had by no other %s, and gone when it asks", (_what, other) => {
    const cells = kept()
    cells.keep("cell", owner, plaintext(), 5)

    expect(cells.take("cell", other, always)).toBeUndefined()
    expect(cells.size).toBe(0)
  })

  test("are not had when their time is over, and wiped without being asked for", () => {
    const cells = kept()
    cells.keep("cell", owner, plaintext(), 5)
    jest.advanceTimersByTime(9_999)
    expect(cells.take("cell", owner, always)).toEqual(plaintext())
    jest.advanceTimersByTime(1)

    expect(cells.size).toBe(0)
    expect(jest.getTimerCount()).toBe(0)
  })

  test("are asked for their age each time", () => {
    const cells = kept()
    cells.keep("cell", owner, plaintext(), 5)

    expect(cells.take("cell", owner, (timestamp) => timestamp === 5)).toEqual(plaintext())
    expect(cells.take("cell", owner, (timestamp) => timestamp > 5)).toBeUndefined()
    expect(cells.size).toBe(0)
  })

  test("are so many at most, of which the one goes that was asked for first", () => {
    const cells = kept({ entries: 2 })
    for (const cell of ["a", "b"]) cells.keep(cell, owner, plaintext(), 5)
    cells.take("a", owner, always)
    cells.keep("c", owner, plaintext(), 5)

    expect(["a", "b", "c"].map((cell) => cells.take(cell, owner, always) !== undefined)).toEqual([
      true,
      false,
      true,
    ])
  })

  test("are wiped at once, and the timer with them", () => {
    const cells = kept()
    cells.keep("cell", owner, plaintext(), 5)
    cells.wipe()

    expect([cells.size, jest.getTimerCount()]).toEqual([0, 0])
  })
})

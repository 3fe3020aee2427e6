import { createContext, runInContext } from "node:vm"

import { beforeEach, describe, expect, test } from "@jest/globals"

import { BatchMachine } from "../../../src/fernet/batch-engine/batch-machine"
import { AT, FIRST_WIPED } from "../../../src/fernet/batch-engine/layout"

/** A vector, or a hash block, may reach so far beyond what is used. */
const BEYOND = 64

let machine: BatchMachine

beforeEach(() => {
  machine = new BatchMachine()
})

function isWiped(): boolean {
  return machine.bytes.subarray(FIRST_WIPED).every((byte) => byte === 0)
}

function fill(): void {
  machine.bytes.fill(1, FIRST_WIPED)
}

describe("a run", () => {
  test("returns what its work returns", () => {
    expect(machine.run(() => "done")).toBe("done")
  })

  test.each(["text", "slotBytes", "cipherInput", "cipherOutput"] as const)(
    "has what it uses of %s wiped, and the vector behind that",
    (region) => {
      for (const uses of [[1000], [1000, 10], [10, 1000], [0]]) {
        machine.run(() => {
          for (const length of uses) machine.use(region, length)
          machine.bytes.fill(1, AT[region], AT[region] + Math.max(...uses) + BEYOND)
        })

        expect(isWiped()).toBe(true)
      }
    },
  )

  test("has all of the tables wiped, whatever it uses", () => {
    machine.run(() => {
      machine.bytes.fill(1, FIRST_WIPED, AT.text)
    })

    expect(isWiped()).toBe(true)
  })

  test("that throws has everything wiped, noted or not", () => {
    expect(() =>
      machine.run(() => {
        fill()
        throw new Error("in the middle")
      }),
    ).toThrow("in the middle")

    expect(isWiped()).toBe(true)
  })

  test("that was terminated has everything wiped before the next one begins", () => {
    const sandbox = createContext({
      work: () => {
        machine.run(() => {
          fill()
          for (;;);
        })
      },
    })

    expect((): unknown => runInContext("work()", sandbox, { timeout: 20 })).toThrow("timed out")

    expect(isWiped()).toBe(false)
    expect(machine.run(isWiped)).toBe(true)
  })

  test("leaves the constants of the program", () => {
    const before = Buffer.from(machine.bytes.subarray(0, FIRST_WIPED))

    machine.run(fill)
    expect(() =>
      machine.run(() => {
        throw new Error("in the middle")
      }),
    ).toThrow()

    expect(machine.bytes.subarray(0, FIRST_WIPED).equals(before)).toBe(true)
  })
})

describe("a table", () => {
  test("has a number for each entry, signed, and 0 for what is not in memory", () => {
    machine.setNumber(3, AT.lengths, -1)

    expect([2, 3, 4].map((entry) => machine.numberOf(entry, AT.lengths))).toEqual([0, -1, 0])
    expect(machine.bytes.readInt32LE(AT.lengths + 3 * 4)).toBe(-1)
    expect(machine.numberOf(0, machine.bytes.length)).toBe(0)
  })
})

import { describe, expect, test } from "@jest/globals"

import type { BulkProgress } from "../../src/bulk/options"
import { ProgressMeter } from "../../src/bulk/progress-meter"
import { Tally } from "../../src/bulk/report"

function meterOf(total: number): { meter: ProgressMeter; tally: Tally; seen: BulkProgress[] } {
  const seen: BulkProgress[] = []
  const tally = new Tally(["Patient.ssn"], [])
  const meter = new ProgressMeter("patient", "change", total, tally, (one) => seen.push(one))
  return { meter, tally, seen }
}

describe("ProgressMeter", () => {
  test("adds up rows and passes on what the tally counted", () => {
    const { meter, tally, seen } = meterOf(10)
    tally.changed = 3
    tally.raced = 1

    meter.advance(4)
    meter.advance(2)

    expect(seen).toMatchObject([
      { table: "patient", phase: "change", done: 4, total: 10, changed: 3, raced: 1, failed: 0 },
      { done: 6, total: 10 },
    ])
  })

  test("raises the total when rows were added meanwhile", () => {
    const { meter, seen } = meterOf(5)

    meter.advance(7)

    expect(seen[0]).toMatchObject({ done: 7, total: 7, etaSeconds: 0 })
  })

  test("estimates the rest by the rate so far", () => {
    const { meter, seen } = meterOf(100)

    meter.advance(25)

    const [{ ratePerSecond, etaSeconds } = { ratePerSecond: 0, etaSeconds: 0 }] = seen
    expect(ratePerSecond).toBeGreaterThan(0)
    expect(etaSeconds).toBeCloseTo(75 / ratePerSecond)
  })

  test("needs no listener", () => {
    const tally = new Tally([], [])
    const meter = new ProgressMeter("patient", "audit", 1, tally, undefined)

    expect(() => {
      meter.advance(1)
    }).not.toThrow()
  })
})

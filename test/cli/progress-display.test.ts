import { PassThrough } from "node:stream"

import { describe, expect, test } from "@jest/globals"

import type { BulkProgress } from "../../src/bulk/options"
import { openDisplay, type ProgressStream } from "../../src/cli/progress-display"

const halfway: BulkProgress = {
  table: "patient",
  phase: "change",
  done: 500_000,
  total: 1_000_000,
  changed: 400_000,
  raced: 3,
  failed: 0,
  ratePerSecond: 12_345.6,
  etaSeconds: 99.2,
}
const finished: BulkProgress = { ...halfway, done: 1_000_000, etaSeconds: 0 }

function record(
  isTTY: boolean,
  columns = 200,
): {
  readonly stream: ProgressStream
  readonly written: () => string
} {
  const output = new PassThrough()
  // The part of a terminal that is looked at
  const stream = Object.assign(output, { isTTY, columns }) as unknown as ProgressStream
  return { stream, written: () => String(output.read() ?? "") }
}

describe("openDisplay", () => {
  test("draws a bar with rate and remaining time on a terminal", () => {
    const { stream, written } = record(true)
    const display = openDisplay(stream, "encrypting", false)

    display.show(halfway)
    display.close()

    expect(written()).toContain(
      "encrypting patient [============------------] 50% | 500,000 of 1,000,000 rows | " +
        "12,346/s | 1 min 40 s left",
    )
  })

  test("draws the whole bar on a terminal that does not know its width", () => {
    const { stream, written } = record(true, 0)
    const display = openDisplay(stream, "encrypting", false)

    display.show(halfway)
    display.close()

    expect(written()).toContain("1 min 40 s left")
  })

  test("draws a bar for each phase", () => {
    const { stream, written } = record(true)
    const display = openDisplay(stream, "encrypting", false)

    display.show(finished)
    display.show({ ...finished, phase: "audit" })
    display.close()

    expect(written()).toMatch(/encrypting patient .+100%.*\n[^]*checking patient .+100%/)
  })

  test("draws a bar over itself, and says things below it", () => {
    const { stream, written } = record(true)
    const display = openDisplay(stream, "encrypting", false)

    display.show(halfway)
    display.show(finished)
    display.say("stopping", "Finishing.")

    expect(written()).toMatch(
      /^\x1b\[1Gencrypting .+ 50% .+\x1b\[0K\x1b\[1Gencrypting .+ 100% .+\x1b\[0K\nFinishing\.\n$/,
    )
  })

  test("shows how far a run got that ends before the end", () => {
    const { stream, written } = record(true)
    const display = openDisplay(stream, "encrypting", false)

    display.show({ ...halfway, done: 0 })
    display.show(halfway)
    display.close()

    expect(written()).toMatch(/.+ 0% .+ 50% .+\n$/)
  })

  test("keeps a bar within the line of a terminal", () => {
    const { stream, written } = record(true, 40)

    openDisplay(stream, "encrypting", false).show(halfway)

    const [, line = ""] = /^\x1b\[1G(.+)\x1b\[0K$/.exec(written()) ?? []
    expect(line).toHaveLength(39)
  })

  test("has no share of nothing", () => {
    const { stream, written } = record(true)

    openDisplay(stream, "encrypting", false).show({ ...finished, done: 0, total: 0 })

    expect(written()).toContain("100% | 0 of 0 rows")
  })

  test("writes the end of a phase as a line elsewhere", () => {
    const { stream, written } = record(false)
    const display = openDisplay(stream, "rotating", false)

    display.show(halfway)
    display.show(finished)
    display.say("stopping", "Finishing the batch in hand.")

    expect(written()).toBe(
      "rotating patient: 1,000,000 of 1,000,000 rows, 12,346/s, 0 s left\n" +
        "Finishing the batch in hand.\n",
    )
  })

  test("writes events as lines of JSON", () => {
    const { stream, written } = record(true)
    const display = openDisplay(stream, "rotating", true)

    display.show(finished)
    display.say("stopping", "Finishing.")

    const events = written().trimEnd().split("\n")
    expect(events.map((line): unknown => JSON.parse(line))).toEqual([
      { event: "progress", ...finished },
      { event: "stopping", message: "Finishing." },
    ])
  })
})

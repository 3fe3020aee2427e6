import { describe, expect, test } from "@jest/globals"

import { gather } from "../../bench/report/findings"
import type { Line } from "../../bench/report/line"
import { renderMarkdown } from "../../bench/report/markdown"
import { describeNumber, describeSeconds } from "../../bench/report/quantity"
import type { Run } from "../../bench/report/results"
import { atLeast } from "../../bench/report/target"
import { renderRun } from "../../bench/report/terminal"

const line: Line = {
  group: "encrypt 64 B",
  title: "against a peer",
  figure: { median: 3.14159, low: 3, high: 3.5 },
  unit: "× as fast",
  absolute: "2 µs against 6.28 µs",
  target: atLeast(4),
}
const run: Run = {
  lines: [line, { ...line, group: "decrypt 64 B", target: atLeast(3) }],
  points: [{ chart: "find", at: "ours", series: "find()", value: 2 }],
  versions: { peer: "1.2.3" },
  skipped: ["Python: not installed."],
  method: ["21 rounds."],
  date: "2026-11-22",
  machine: { processor: "2 × A", memory: "8 GiB", load: [0.1], platform: "linux x64", node: "v20" },
  quick: false,
  seconds: 12.3,
}

describe("a quantity", () => {
  test.each([
    [1.5, "1.5 s"],
    [0.0123, "12.3 ms"],
    [0.0000017, "1.7 µs"],
    [0.000000045, "45 ns"],
  ])("of %d seconds is spelt %s", (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text)
  })

  test("keeps three digits, and all of a large number", () => {
    expect([3.14159, 0.04567, 123456.7].map(describeNumber)).toEqual(["3.14", "0.0457", "123,457"])
  })
})

describe("findings", () => {
  test("of several steps are put together in order", () => {
    const both = gather([
      { lines: [line], versions: { a: "1" } },
      { versions: { b: "2" }, skipped: ["c"] },
    ])

    const expected = { lines: [line], points: [], versions: { a: "1", b: "2" } }
    expect(both).toEqual({ ...expected, skipped: ["c"], method: [] })
  })
})

describe.each([
  ["the terminal", renderRun("fernet", run)],
  ["RESULTS.md", renderMarkdown({ fernet: run })],
])("the report for %s", (_name, text) => {
  test("has figure, quartiles, target and verdict of every line", () => {
    expect(text).toMatch(/against a peer.*3\.14 × as fast.*3–3\.5.*2 µs.*≥ 4 .*MISSED/)
    expect(text).toMatch(/against a peer.*3\.14 × as fast.*≥ 3 .*met/)
  })

  test("has a table for each group", () => {
    expect(text.indexOf("encrypt 64 B")).toBeLessThan(text.indexOf("decrypt 64 B"))
  })

  test("names the machine, the versions and what was skipped", () => {
    expect(text).toContain("2 × A, 8 GiB")
    expect(text).toContain("peer 1.2.3")
    expect(text).toContain("Python: not installed.")
  })
})

describe("RESULTS.md", () => {
  test("says that a quick run is one", () => {
    expect(renderMarkdown({ fernet: { ...run, quick: true } })).toContain("**A quick run")
    expect(renderMarkdown({ fernet: run })).not.toContain("**A quick run")
  })

  test("says that the machine was busy", () => {
    const busy = { ...run, machine: { ...run.machine, load: [3.4, 3.2, 3.6] } }

    expect(renderMarkdown({ fernet: busy })).toContain("**The machine was busy")
    expect(renderMarkdown({ fernet: run })).not.toContain("**The machine was busy")
  })

  test("shows the charts there are points for", () => {
    expect(renderMarkdown({ fernet: run }).match(/charts\/\S+\.svg/g)).toEqual(["charts/find.svg"])
  })
})

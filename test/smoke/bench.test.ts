import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { type Part, parts } from "../../bench/report/line"
import type { Results } from "../../bench/report/results"

const out = mkdtempSync(join(tmpdir(), "bench-"))
const quickly = ["--quick", "--only", "PostgreSQL", "--out", out]

beforeAll(() => {
  execFileSync("npm", ["run", "bench", "--", ...quickly], { stdio: "pipe" })
})

afterAll(() => {
  rmSync(out, { recursive: true })
})

describe("the benchmark at its smallest sizes", () => {
  const results = (): Results =>
    JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Results

  test.each<Part>([...parts])("yields figures of %s, marked as quick", (part) => {
    const run = results()[part]

    expect(run?.quick).toBe(true)
    expect(run?.lines.length).toBeGreaterThan(2)
    expect(run?.lines.filter(({ figure }) => !Number.isFinite(figure.median))).toEqual([])
  })

  test("says what a row costs the log of PostgreSQL", () => {
    const lines = results().bulk?.lines.filter(({ title }) => title.includes("write-ahead log"))

    expect(lines?.map(({ figure }) => figure.median > 100)).toEqual([true, true])
  })

  test("finds that an unchanged entity costs no UPDATE and no encryption", () => {
    const counts = results().orm?.lines.filter(({ unit }) => /updates|encryptions/.test(unit))

    expect(counts?.map(({ unit, figure }) => [unit, figure.median])).toEqual([
      ["updates", 0],
      ["encryptions", 0],
    ])
  })

  test("draws every chart that RESULTS.md shows", () => {
    const shown = readFileSync(join(out, "RESULTS.md"), "utf8").matchAll(/charts\/(\S+\.svg)/g)
    const drawn = readdirSync(join(out, "charts"))

    expect([...shown].map(([, file]) => file).sort()).toEqual(drawn.sort())
    expect(drawn).toHaveLength(4)
    expect(readFileSync(join(out, "charts", drawn[0] ?? ""), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s)
  })
})

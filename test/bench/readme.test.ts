import { existsSync, readFileSync } from "node:fs"

import { describe, expect, test } from "@jest/globals"

import { chartsOf } from "../../bench/report/charts"
import { renderMarkdown } from "../../bench/report/markdown"
import { readResults } from "../../bench/report/results"
import { renderSummary, withSummary } from "../../bench/report/summary"

const results = readResults("bench")
const text = (file: string): string => readFileSync(file, "utf8")

describe("the committed results of the benchmark", () => {
  test("are what the README says", () => {
    expect(text("README.md")).toContain(renderSummary(results))
  })

  test("are what RESULTS.md says", () => {
    expect(text("bench/RESULTS.md")).toBe(renderMarkdown(results))
  })

  test("have their charts", () => {
    const charts = chartsOf(Object.values(results).flatMap(({ points }) => points))

    expect(charts.filter(({ name }) => !existsSync(`bench/charts/${name}.svg`))).toEqual([])
  })
})

describe("the summary for the README", () => {
  test("has a line for every part, with its figure and origin", () => {
    const summary = renderSummary(results)

    expect(summary).toMatch(/encrypt 64 bytes +\| npm `fernet` +\| [\d.]+ × as fast/)
    expect(summary).toMatch(/5 encrypted columns of 5 +\| plain columns +\| [\d.]+ × the cost/)
    expect(summary).toMatch(/findOneBy\(\).* \| [\d.]+ × the cost/)
    expect(summary).toMatch(/encrypt a table of 1,000,000 rows.* \| [\d.]+ × as fast/)
    expect(summary).toContain(results.fernet?.date)
  })

  test("takes the place of the one before, and of nothing else", () => {
    const readme = `# Title\n\n${renderSummary({})}\n\nafter\n`

    expect(withSummary(readme, results)).toBe(`# Title\n\n${renderSummary(results)}\n\nafter\n`)
  })

  test("needs its place", () => {
    expect(() => withSummary("# Title\n", results)).toThrow("no place")
  })
})

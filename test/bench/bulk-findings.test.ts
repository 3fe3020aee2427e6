import { describe, expect, test } from "@jest/globals"

import { describeGrowth, describeLines, pointsOf } from "../../bench/bulk/findings"
import type { Outcome, Task } from "../../bench/bulk/job"
import type { Round } from "../../bench/bulk/round"
import { summarize, type TaskSum } from "../../bench/bulk/summary"
import type { SubjectName } from "../../bench/bulk/targets"

const tasks = ["reference", "encrypt", "encrypt, audited", "rotate", "rotate, audited", "scan"]

/** A round in which the reference takes a second, and every task so many. */
function round(seconds: number): Round {
  const outcome = (taken: number): Outcome => ({ seconds: taken, megabytes: 100, cpuSeconds: 1 })
  return new Map(
    tasks.map((task) => [task as Task, outcome(task === "reference" ? 1 : seconds)] as const),
  )
}

function sums(
  database: SubjectName,
  rows: number,
  ...seconds: readonly number[]
): readonly TaskSum[] {
  return summarize(database, rows, seconds.map(round))
}

const million = sums("PostgreSQL", 1_000_000, 2, 4, 2)

describe("what bulk work is reported as", () => {
  const lines = describeLines(million, 1000)
  const named = (title: string): (typeof lines)[number] | undefined =>
    lines.find((line) => line.title.startsWith(title))

  test("is a ratio to the server's own statement, paired by round", () => {
    expect(named("encrypt: against the server")?.figure).toEqual({
      median: 0.5,
      low: 0.5,
      high: 0.5,
    })
    expect(named("encrypt: against the server")?.target?.must).toBe(0.95)
  })

  test("is a ratio to save(), and memory", () => {
    expect(named("encrypt: against a save()")?.figure.median).toBe(500)
    expect(named("rotate: largest resident set")?.figure.median).toBe(100)
  })

  test("is the cost of the proof, paired by round, where it was measured", () => {
    const unproven = [1.8, 4, 2].map((seconds, i) => {
      const proven = [2, 4, 2][i] ?? NaN
      const outcome = { seconds, megabytes: 100, cpuSeconds: 1 }
      return new Map([...round(proven), ["encrypt, unproven" as const, outcome] as const])
    })
    const [line] = describeLines(summarize("PostgreSQL", 1_000_000, unproven), 0).filter(
      ({ title }) => title.includes("proof"),
    )

    expect(line).toMatchObject({ unit: "× the cost", target: { must: 1.1 } })
    expect(line?.figure.median).toBe(1)
    expect(line?.figure.high).toBeCloseTo(2 / 1.8)
    expect(named("encrypt: the proof")).toBeUndefined()
  })

  test("is millions of rows a second for a finished table", () => {
    expect(named("a run over")).toMatchObject({ figure: { median: 0.5 }, unit: "M rows/s" })
  })

  test("has no target for a table too small to show a rate", () => {
    const [small] = describeLines(sums("PostgreSQL", 100_000, 2), 0)

    expect(small?.figure.median).toBe(0.5)
    expect(small?.target).toBeUndefined()
  })

  test("has no line for save() where it was left out", () => {
    expect(describeLines(million, 0).filter(({ title }) => title.includes("save"))).toEqual([])
  })

  test("is drawn for PostgreSQL, the reference too", () => {
    expect(pointsOf(million).map(({ at, series }) => [at, series])).toContainEqual([
      1_000_000,
      "the server's own UPDATE",
    ])
    expect(pointsOf(sums("SQLite", 1000, 1))).toEqual([])
  })
})

describe("how bulk work grows", () => {
  test("is the cost of a row in the largest table against the smallest", () => {
    const lines = describeGrowth([sums("PostgreSQL", 100_000, 0.1), sums("PostgreSQL", 1e6, 1.5)])

    const encrypt = lines.find(({ title }) => title.startsWith("encrypt:"))
    expect(encrypt?.figure.median).toBeCloseTo(1.5)
    expect(encrypt?.target?.must).toBe(1.2)
  })

  test("is not told from one size", () => {
    expect(describeGrowth([million])).toEqual([])
    expect(describeGrowth([])).toEqual([])
  })
})

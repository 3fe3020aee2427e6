import { describe, expect, test } from "@jest/globals"

import { describeGrowth, describeLines, pointsOf } from "../../bench/bulk/findings"
import type { Outcome, Task } from "../../bench/bulk/job"
import type { Reference, Round } from "../../bench/bulk/round"
import { summarize, type TaskSum } from "../../bench/bulk/summary"
import type { SubjectName } from "../../bench/bulk/targets"

const references = ["reference", "reference on tokens"] as const
const tasks = ["encrypt", "encrypt, audited", "rotate", "rotate, audited", "scan"] as const

/**
 * A round in which the reference takes a second, half a second where it meets tokens, and every task so
 * many. The server is busy all the while, and logs 200 MB for a reference and 300 for a task.
 */
function round(seconds: number): Round {
  const outcome = (taken: number, walBytes: number): Outcome => ({
    ...{ seconds: taken, megabytes: 100, cpuSeconds: 1 },
    server: { walBytes, cpuSeconds: taken },
  })
  return new Map<Task | Reference, Outcome>([
    ...references.map((task, i) => [task, outcome(1 / (i + 1), 2e8)] as const),
    ...tasks.map((task) => [task, outcome(seconds, 3e8)] as const),
  ])
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

  test("is a ratio to the same on tokens, for a rotation", () => {
    expect(named("rotate: against the server's own UPDATE on tokens")?.figure.median).toBe(0.25)
  })

  test("is what the server spends on a row, against its own statement", () => {
    expect(named("encrypt: write-ahead log")).toMatchObject({
      figure: { median: 300 },
      unit: "bytes",
      absolute: "against 200 of the server's own UPDATE",
    })
    expect(named("encrypt: processor time of the server")).toMatchObject({
      figure: { median: 2 },
      target: { must: 1.8 },
      absolute: "2 µs against 1 µs a row",
    })
    expect(named("rotate: processor time of the server")?.figure.median).toBe(4)
  })

  test("leaves out what the server spends where nobody says, or the table is too small to tell", () => {
    const said = (sums: readonly TaskSum[]): readonly string[] =>
      describeLines(sums, 0).flatMap(({ title }) => /log|of the server,/.exec(title) ?? [])
    const silent = { seconds: 2, megabytes: 100, cpuSeconds: 1 }
    const unknown = new Map([...round(2).keys()].map((task) => [task, silent]))

    expect(said(summarize("PostgreSQL", 1_000_000, [unknown]))).toEqual([])
    expect(said(sums("PostgreSQL", 1000, 2))).toEqual(["log", "log"])
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

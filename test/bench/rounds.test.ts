import { describe, expect, test } from "@jest/globals"

import type { Contender, Sample } from "../../bench/measure/contender"
import { runRounds, turns } from "../../bench/measure/rounds"

/** Takes so long in each round; the first sample is the one to warm up. */
function contender(name: string, costs: readonly number[]): Contender {
  const left = [...costs]
  const sample = (): Sample => {
    const cpu = left.shift() ?? NaN
    return { cpu, wall: cpu * 2 }
  }
  return { name, sample: () => Promise.resolve(sample()) }
}

describe("turns", () => {
  test("let every contender begin once, and go backwards every other round", () => {
    const orders = [0, 1, 2, 3].map((round) => turns(["a", "b", "c"], round).join(""))

    expect(orders).toEqual(["abc", "acb", "cab", "cba"])
  })
})

describe("rounds", () => {
  const slow = [99, 10, 20, 30]
  const fast = [99, 1, 4, 3]

  test("leave the sample that warms up out", async () => {
    const rounds = await runRounds([contender("fast", fast)], 3)

    expect(rounds.cost("fast")).toBe(3)
    expect(rounds.cost("fast", "wall")).toBe(6)
  })

  test("leave out as many as they are asked to", async () => {
    const rounds = await runRounds([contender("fast", fast)], 2, 2)

    expect(rounds.cost("fast")).toBe(3.5)
  })

  test("compare within each round", async () => {
    const rounds = await runRounds([contender("slow", slow), contender("fast", fast)], 3)

    expect(rounds.speedRatio("fast", "slow").median).toBe(10)
    expect(rounds.costRatio("slow", "fast").low).toBe(10)
    expect(rounds.costRatio("fast", "slow").median).toBe(0.1)
  })

  test("know nothing of one that did not take part", async () => {
    const rounds = await runRounds([contender("fast", fast)], 1)

    expect(() => rounds.cost("other")).toThrow("other did not take part")
  })
})
